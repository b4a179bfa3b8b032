import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { socketFolder } from "./worker-process.ts";

export interface SeenCall {
  /** Milliseconds until the deadline that came over the wire; undefined without one. */
  readonly deadlineMs: number | undefined;
  /** Resolves when the call is cancelled. */
  readonly cancelled: Promise<void>;
  /** What the server is called. */
  readonly host: string;
}

export interface RawServer extends Disposable {
  /** `127.0.0.1:port` */
  readonly port: string;
  /** `unix:/path`: the same server. */
  readonly socket: string;
  /** The next call that arrives. */
  nextCall(): Promise<SeenCall>;
}

/** Answers to Predict in this process: the message back, an error, or nothing, unless `later` has it sent back after all. */
export async function startRawServer(
  answer: (message: Buffer) => Buffer | Partial<ServiceError> | "never",
  later: (sendBack: () => void) => void = () => {},
): Promise<RawServer> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  let waiting: ((call: SeenCall) => void)[] = [];
  server.addService(
    { Predict: predictionServiceRaw.Predict },
    {
      Predict(call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) {
        const deadline = Number(call.getDeadline());
        const seen: SeenCall = {
          deadlineMs: deadline === Number.POSITIVE_INFINITY ? undefined : deadline - Date.now(),
          cancelled: new Promise((resolve) => call.on("cancelled", resolve)),
          host: call.getHost(),
        };
        for (const wake of waiting) wake(seen);
        waiting = [];
        const answered = answer(call.request);
        if (Buffer.isBuffer(answered)) reply(null, answered);
        else if (answered !== "never") reply(answered);
        else later(() => reply(null, call.request));
      },
    },
  );
  const bind = (address: string): Promise<number> =>
    new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
  const folder = socketFolder();
  const socket = `unix:${folder.path("raw.sock")}`;
  await bind(socket);
  return {
    port: `127.0.0.1:${await bind("127.0.0.1:0")}`,
    socket,
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
    [Symbol.dispose]: () => {
      server.forceShutdown();
      folder[Symbol.dispose]();
    },
  };
}

/** `whole`: a text that was cut in the status. */
export function originTrailer(origin: string, whole?: string): Metadata {
  const metadata = new Metadata();
  metadata.set("tensorgate-origin", origin);
  if (whole !== undefined) metadata.set("tensorgate-message-bin", Buffer.from(whole));
  return metadata;
}
