import { unlink } from "node:fs/promises";
import { connect } from "node:net";
import type { Server, ServerCredentials } from "@grpc/grpc-js";

/** Where a server listens; at least one of the two. */
export interface Listen {
  readonly host: string;
  /** 0: any free port; undefined: no TCP port. */
  readonly port: number | undefined;
  /** An absolute path of a Unix socket. */
  readonly socketPath: string | undefined;
}

/** Binds all of it; answers the first address as a client takes it. Rejects with a sentence for the user. */
export async function listen(server: Server, credentials: ServerCredentials, where: Listen): Promise<string> {
  const addresses: string[] = [];
  if (where.port !== undefined) {
    const host = where.host.includes(":") ? `[${where.host}]` : where.host;
    const port = await bind(server, `${host}:${where.port}`, credentials);
    addresses.push(`${host}:${port}`);
  }
  if (where.socketPath !== undefined) {
    await removeStaleSocket(where.socketPath);
    await bind(server, `unix:${where.socketPath}`, credentials);
    addresses.push(`unix:${where.socketPath}`);
  }
  const [first] = addresses;
  if (first === undefined) throw new Error("neither a port nor a socket path is given to listen on");
  return first;
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`cannot listen on ${address}: ${reasonOf(error)}`, { cause: error }));
    });
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
