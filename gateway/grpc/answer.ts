import { type handleUnaryCall, Metadata, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import {
  type Bytes,
  byteLengthOf,
  CallController,
  type CallSignal,
  type Deadline,
  InferenceError,
  type Logger,
  type StatusCode,
} from "../../core/index.ts";
import { CERTIFICATE_KEY, PEER_KEY, type UnaryAnswer, type UnaryRequest } from "../../http2/index.ts";
import type { Backend } from "../backend.ts";
import type { Reply } from "../call.ts";
import { endedWith } from "../ended.ts";
import type { InFlight } from "../in-flight.ts";
import type { Observation, ObservedMethod, Observer } from "../observe/index.ts";
import { deadlineOf, headerIn, headerOf } from "./parse.ts";
import { errorToStatus } from "./status.ts";

/** What a handler is told besides the request. */
export interface CallContext {
  readonly observation: Observation;
  readonly header: (name: string) => string | undefined;
  /** The name of the client that has proven to send it. */
  readonly client: string | undefined;
  readonly deadline: Deadline;
  readonly signal: CallSignal;
  readonly reply?: Reply | undefined;
  /** For a handler that knows that nobody looks at the message any more: its memory may be used again. */
  readonly release?: (() => void) | undefined;
}

export interface AnswerParts {
  readonly backend: Pick<Backend, "authenticate">;
  readonly observer: Observer;
  readonly log: Logger;
  readonly inFlight: InFlight;
}

/** A unary method, as bytes. */
export interface RawHandler {
  readonly method: ObservedMethod;
  readonly path: string;
  readonly answer: (message: Bytes, context: CallContext) => Bytes | Promise<Bytes>;
}

/** A call that has come, whichever server has taken it. */
interface Arrived extends Omit<CallContext, "observation" | "client"> {
  readonly method: ObservedMethod;
  readonly path: string;
  /** The address that it comes from. */
  readonly peer: string;
  /** The common name of the certificate that it comes with. */
  readonly certificate: string | undefined;
  readonly bytesIn: number;
}

type Outcome<Response> = { readonly response: Response } | { readonly error: InferenceError };

/** Runs a handler. Whatever it throws becomes an error; the request is counted once, before its answer leaves. */
async function respond<Response>(
  { backend, observer, log }: AnswerParts,
  { method, path, peer, certificate, bytesIn, header, deadline, signal, reply, release }: Arrived,
  sizeOf: (response: Response) => number,
  answer: (context: CallContext) => Response | Promise<Response>,
): Promise<Outcome<Response>> {
  const observation = observer.start({ protocol: "grpc", method, request: path, client: peer });
  const codeOf = (code: StatusCode): StatusCode => endedWith(code, deadline, signal);
  let response: Response;
  try {
    const client = backend.authenticate(header, certificate);
    if (client !== undefined) observation.sentBy(client);
    response = await answer({ observation, header, client, deadline, signal, reply, release });
  } catch (thrown) {
    const error = InferenceError.from(thrown, "gateway");
    if (error !== thrown) log.error({ err: thrown, method: path }, "unexpected error");
    observation.end({ code: codeOf(error.code), bytesIn, bytesOut: 0, error });
    return { error };
  }
  observation.end({ code: codeOf("OK"), bytesIn, bytesOut: sizeOf(response) });
  return { response };
}

/** For the calls that the edge reads itself. Never rejects. */
export async function answerPlain(
  parts: AnswerParts,
  { method, path, answer }: RawHandler,
  request: UnaryRequest,
): Promise<UnaryAnswer> {
  const { fields, message, deadline, signal, peer, certificate } = request;
  const release = (): void => request.release();
  const header = (name: string): string | undefined => headerIn(fields, name);
  const bytesIn = byteLengthOf(message);
  const arrived = { method, path, peer, certificate, bytesIn, header, deadline, signal, reply: request, release };
  const outcome = await respond(parts, arrived, byteLengthOf, (context) => answer(message, context));
  return "error" in outcome ? errorToStatus(outcome.error) : { code: 0, message: outcome.response };
}

/** Metadata for grpc-js to send. */
class MetadataReply implements Reply {
  added: Metadata | undefined;

  addHeader(name: string, value: string): void {
    this.added ??= new Metadata();
    // grpc-js takes no tabs.
    this.added.set(name, value.replaceAll("\t", " "));
  }
}

/** For the calls that are left to grpc-js. */
export function unary<Request, Response>(
  parts: AnswerParts,
  method: ObservedMethod,
  sizeOf: (message: Request | Response) => number,
  answer: (request: Request, context: CallContext) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  const serve = async (
    call: ServerUnaryCall<Request, Response>,
    reply: sendUnaryData<Response>,
    signal: CallSignal,
  ): Promise<void> => {
    const metadata = new MetadataReply();
    const arrived: Arrived = {
      method,
      path: call.getPath(),
      peer: String(call.metadata.get(PEER_KEY)[0] ?? ""),
      certificate: certificateOf(call.metadata.get(CERTIFICATE_KEY)[0]),
      bytesIn: sizeOf(call.request),
      header: headerOf(call),
      deadline: deadlineOf(call),
      signal,
      reply: metadata,
    };
    const outcome = await respond(parts, arrived, sizeOf, (context) => answer(call.request, context));
    const { added } = metadata;
    if ("error" in outcome) {
      const status = errorToStatus(outcome.error);
      return reply(added === undefined ? status : { ...status, metadata: added });
    }
    if (added !== undefined) call.sendMetadata(added);
    reply(null, outcome.response);
  };
  return (call, reply) => {
    parts.inFlight.enter();
    const signal = new CallController();
    // grpc-js emits it at the end of every call: when the client has given up, and when the answer has left.
    call.once("cancelled", () => {
      signal.abort();
      parts.inFlight.leave();
    });
    void serve(call, reply, signal);
  };
}

function certificateOf(told: string | Buffer | undefined): string | undefined {
  return told === undefined ? undefined : decodeURIComponent(String(told));
}
