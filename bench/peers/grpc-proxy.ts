import { once } from "node:events";
import { connect } from "node:net";
import { type Running, until } from "../frame/index.ts";

/** Something that passes gRPC on to a worker of ours. Whoever starts it disposes of it. */
export interface GrpcProxy extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  /** `127.0.0.1:PORT` */
  readonly grpc: string;
}

/** Waits until a proxy that was started takes connections; stops it when it doesn't. */
export async function accepting(
  running: Running,
  { name, version, port }: { readonly name: string; readonly version: string; readonly port: number },
): Promise<GrpcProxy> {
  try {
    await until(async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.destroy();
      return true;
    }, running);
  } catch (thrown) {
    await running.stop();
    throw thrown;
  }
  return { name, version, pid: running.pid, grpc: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => running.stop() };
}
