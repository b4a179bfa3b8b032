import { lstatSync, rmSync } from "node:fs";
import {
  type AddressInfo,
  connect,
  type ListenOptions,
  createServer as plainServer,
  type Server,
  type Socket,
} from "node:net";
import { type TLSSocket, type TlsOptions, createServer as tlsServer } from "node:tls";
import { addressesToTry, hostAndPort, isMissingFamily, listenError } from "../listening.ts";

/** Opens the port of a host, with TLS where it is given, and answers which one it is. Throws an Error fit for a person. */
export async function listenOnPort(
  host: string,
  port: number,
  tls: TlsOptions | undefined,
  onSocket: (socket: Socket) => void,
): Promise<Server> {
  const tried: unknown[] = [];
  for (const address of addressesToTry(host)) {
    try {
      return await listen({ host: address, port }, tls, onSocket);
    } catch (thrown) {
      tried.push(thrown);
      if (!isMissingFamily(thrown)) break;
    }
  }
  throw listenError("gRPC", hostAndPort(host, port), tried.at(-1));
}

/** The same on a Unix socket, in the place of one that a killed process has left behind. */
export async function listenOnSocket(
  path: string,
  tls: TlsOptions | undefined,
  onSocket: (socket: Socket) => void,
): Promise<Server> {
  try {
    if (isSocket(path) && !(await answers(path))) rmSync(path);
    return await listen({ path }, tls, onSocket);
  } catch (thrown) {
    throw listenError("gRPC", path, thrown);
  }
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listen(
  where: ListenOptions,
  tls: TlsOptions | undefined,
  onSocket: (socket: Socket) => void,
): Promise<Server> {
  const server = tls === undefined ? plainServer(onSocket) : tlsServer({ ...tls, ALPNProtocols: ["h2"] }, onSocket);
  // A client that fails in its handshake is its own affair.
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol !== "h2") socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/** A socket that nobody listens on was left behind by a process that was killed, and would be in the way. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const tell = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => tell(true));
    // Only a refused socket is stale; what cannot be reached for another reason is left alone.
    socket.once("error", (error: NodeJS.ErrnoException) => tell(error.code !== "ECONNREFUSED"));
  });
}
