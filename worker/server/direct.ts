import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { type Deadline, deadlineIn, NO_DEADLINE } from "../../core/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import { type BytesAnswer, type CallScope, type HandlerParts, unary } from "./call-scope.ts";
import { DirectCall } from "./direct-call.ts";

/** What grpc-js (1.14, without channelz) calls for each HTTP/2 stream; looked up when an address is bound. */
interface StreamHandling {
  _streamHandler: (
    this: Server,
    interceptors: unknown,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) => void;
}

/**
 * Adds a service of unary methods on message bytes and answers it on the HTTP/2 streams themselves: grpc-js's way through
 * interceptors, Metadata, call and event objects takes several times what a small model does. Connections, other services
 * and calls that are unusual (a compressed message, a timeout that is none) stay grpc-js's. To be called before the server
 * is bound.
 */
export function addRawService<Name extends string>(
  server: Server,
  methods: Readonly<Record<Name, RawMethod>>,
  answers: Readonly<Record<Name, BytesAnswer>>,
  parts: HandlerParts,
): void {
  const names = Object.keys(methods) as Name[];
  const handlers = names.map((name) => [name, unary(parts, inBuffer(answers[name]))] as const);
  server.addService(methods, Object.fromEntries(handlers));

  const direct = new Map(names.map((name) => [methods[name].path, answers[name]]));
  const handling = server as unknown as StreamHandling;
  const others = handling._streamHandler;
  handling._streamHandler = function (interceptors, stream, headers) {
    const path = headers[constants.HTTP2_HEADER_PATH] as string;
    const answer = direct.get(path);
    const deadline = answer === undefined ? undefined : usualDeadline(headers);
    if (answer === undefined || deadline === undefined) others.call(this, interceptors, stream, headers);
    else new DirectCall(stream, path, deadline, answer, parts).receive();
  };
}

/** A view: grpc-js copies a message by methods that only a Buffer has. */
function inBuffer(answer: BytesAnswer): (request: Buffer, scope: CallScope) => Promise<Buffer> {
  return async (request, scope) => {
    const bytes = await answer(request, scope);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Until when the call may take; undefined for one that is unusual. */
function usualDeadline(headers: IncomingHttpHeaders): Deadline | undefined {
  if (headers["content-type"]?.startsWith("application/grpc") !== true) return undefined;
  if ((headers["grpc-encoding"] ?? "identity") !== "identity") return undefined;
  const timeout = headers["grpc-timeout"];
  if (timeout === undefined) return NO_DEADLINE;
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(String(timeout)) ?? [];
  const unitMs = UNIT_MS[unit];
  return unitMs === undefined ? undefined : deadlineIn(Number(digits) * unitMs);
}
