import type { ClientRequest, IncomingMessage } from "node:http";
import type { InferenceError } from "../../core/index.ts";
import { isFinal } from "./answer-status.ts";
import type { Exchange } from "./exchange.ts";
import { passError } from "./failure.ts";
import { NEVER, watchSilence } from "./silence.ts";
import type { UpstreamEndpoint, UpstreamHead } from "./upstream-endpoint.ts";

/** Doing these twice is as doing them once (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

/** A connection that takes longer, TLS included, is given up, and the request goes elsewhere. */
const CONNECT_MS = 5_000;

/**
 * One try, at one endpoint: resolves with the answer as soon as its head has come; its body is still on the way. The
 * request's body begins to flow only when there is a connection, so that a try that got none has used up nothing. Rejects
 * with an InferenceError; ends with the client.
 */
export function ask(endpoint: UpstreamEndpoint, head: UpstreamHead, exchange: Exchange): Promise<IncomingMessage> {
  const { request, gaveUp, hasBody } = exchange;
  const { name, timeoutMs, maxBytes } = exchange.route.config;
  return new Promise((resolve, reject) => {
    const outgoing = endpoint.open(head);
    let isConnected = false;
    let answer: IncomingMessage | undefined;
    let ending: InferenceError | undefined;
    const end = (error: InferenceError): void => {
      ending ??= error;
      exchange.broken ??= error;
      (answer ?? outgoing).destroy(error);
    };

    const isTheirTurn = (): boolean => {
      if (answer !== undefined) return !exchange.response.writableNeedDrain;
      return !isConnected || !hasBody || request.readableEnded || outgoing.writableNeedDrain;
    };
    const connectMs = Math.min(timeoutMs, CONNECT_MS);
    let silence = NEVER;
    const awaitConnection = (): void => {
      silence = watchSilence(connectMs, isTheirTurn, () => {
        const sentence = `${name}: there is no connection to the upstream after ${connectMs} ms`;
        ending ??= passError("no connection", sentence, { retryable: true });
        outgoing.destroy(ending);
      });
    };
    const onGone = (): void => end(exchange.broken ?? passError("left", "the client gave up"));
    gaveUp.addEventListener("abort", onGone, { once: true });

    const onPiece = (piece: Buffer): void => {
      exchange.bytesIn += piece.length;
      silence.broken();
      if (exchange.bytesIn > maxBytes) end(passError("too large", `the body is longer than ${maxBytes} bytes`));
    };
    if (!hasBody) outgoing.end();
    whenConnected(outgoing, awaitConnection, () => {
      isConnected = true;
      silence.stop();
      if (outgoing.destroyed) return;
      silence = watchSilence(timeoutMs, isTheirTurn, () =>
        end(passError("silent", `${name}: nothing has come from the upstream for ${timeoutMs} ms`)),
      );
      if (hasBody) request.on("data", onPiece).pipe(outgoing);
    });

    outgoing.on("response", (incoming) => {
      if (!isFinal(incoming))
        return end(passError("dropped", `${name}: the upstream has answered with no HTTP status`));
      answer = incoming;
      silence.broken();
      if (isEventStream(incoming)) silence.stop();
      else exchange.onAnswerPiece = silence.broken;
      incoming.on("error", (cause) => {
        exchange.broken ??= passError("dropped", `${name}: the upstream has broken off its answer`, { cause });
      });
      resolve(incoming);
    });
    outgoing.on("error", (cause: NodeJS.ErrnoException) => {
      const mayTryAgain = outgoing.reusedSocket && !hasBody && IDEMPOTENT.has(head.method);
      reject(ending ?? failureOf(name, cause, isConnected, mayTryAgain));
    });
    outgoing.once("close", () => {
      silence.stop();
      gaveUp.removeEventListener("abort", onGone);
      request.off("data", onPiece).unpipe(outgoing);
      // Nobody wants the rest of a body that has been answered early.
      if (answer !== undefined) request.resume();
      // Not every end is an error to Node: an upstream may switch to a protocol that nobody has asked for.
      else reject(ending ?? failureOf(name, new Error("no answer"), isConnected, false));
    });
  });
}

function failureOf(
  name: string,
  cause: NodeJS.ErrnoException,
  isConnected: boolean,
  mayTryAgain: boolean,
): InferenceError {
  const why = cause.code ?? cause.message;
  if (!isConnected) {
    return passError("unreachable", `${name}: the upstream cannot be reached (${why})`, { cause, retryable: true });
  }
  const sentence = `${name}: the upstream has ended the connection without an answer (${why})`;
  return passError("dropped", sentence, { cause, retryable: mayTryAgain });
}

/** Once there is a connection, TLS included; at once where one was kept, else `waits` is called before. */
function whenConnected(outgoing: ClientRequest, waits: () => void, act: () => void): void {
  outgoing.once("socket", (socket) => {
    if (outgoing.reusedSocket) return act();
    waits();
    socket.once("encrypted" in socket ? "secureConnect" : "connect", act);
  });
}

/** Server-sent events come when something happens. */
function isEventStream({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.toLowerCase().startsWith("text/event-stream") ?? false;
}
