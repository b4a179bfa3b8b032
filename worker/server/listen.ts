import { unlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";

/** Where a server listens; at least one of the two. */
export interface Listen {
  readonly host: string;
  /** 0: any free port; undefined: no TCP port. */
  readonly port: number | undefined;
  /** An absolute path of a Unix socket. */
  readonly socketPath: string | undefined;
}

export interface Listening {
  /** The first address, as a gRPC client takes it. */
  readonly address: string;
  /** Takes no new connections. */
  close(): void;
}

/** Binds all of it. Rejects with a sentence for the user. */
export async function listen(where: Listen, onSocket: (socket: Socket) => void): Promise<Listening> {
  const addresses: string[] = [];
  const servers: Server[] = [];
  if (where.port !== undefined) {
    const host = where.host.includes(":") ? `[${where.host}]` : where.host;
    const server = await bind({ host: where.host, port: where.port }, `${host}:${where.port}`, onSocket);
    servers.push(server);
    addresses.push(`${host}:${(server.address() as AddressInfo).port}`);
  }
  if (where.socketPath !== undefined) {
    const address = `unix:${where.socketPath}`;
    await removeStaleSocket(where.socketPath);
    servers.push(await bind({ path: where.socketPath }, address, onSocket));
    addresses.push(address);
  }
  const [address] = addresses;
  if (address === undefined) throw new Error("neither a port nor a socket path is given to listen on");
  return { address, close: () => servers.forEach((server) => server.close()) };
}

function bind(where: ListenOptions, address: string, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`cannot listen on ${address}: ${reasonOf(error)}`, { cause: error }));
    });
    server.listen(where, () => resolve(server));
  });
}

function reasonOf(error: Error): string {
  if (error.message.includes("EADDRINUSE")) return "another program listens there";
  if (error.message.includes("EACCES")) return "permission denied";
  return error.message;
}

/** A socket's file outlives a server that was killed; one that nobody answers on is in the way. */
async function removeStaleSocket(path: string): Promise<void> {
  const stale = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.on("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  });
  if (stale) await unlink(path);
}
