import type { UnaryAnswer, UnaryHandler, UnaryRequest } from "../../http2/index.ts";
import { type BytesAnswer, type CallScope, clientGaveUp, type HandlerParts, logUnexpected } from "./call-scope.ts";
import { errorStatus } from "./status.ts";

/**
 * A method on message bytes, for calls that are read without grpc-js. What is quick is answered in the turn in which the last
 * byte of its message has come. Whatever is thrown becomes the status.
 */
export function directHandler({ inFlight, log }: HandlerParts, path: string, answer: BytesAnswer): UnaryHandler {
  const failed = (thrown: unknown): UnaryAnswer => {
    logUnexpected(log, thrown, path);
    const { code, details, metadata } = errorStatus(thrown);
    const trailers = Object.entries(metadata?.toHttp2Headers() ?? {}).flatMap(([name, value]) => [name, String(value)]);
    return { code, details, trailers };
  };
  const later = async (
    message: Promise<Uint8Array>,
    request: UnaryRequest,
    counted: Disposable,
  ): Promise<UnaryAnswer> => {
    try {
      return { code: 0, message: await message };
    } catch (thrown) {
      return failed(thrown);
    } finally {
      end(request, counted);
    }
  };
  return (request) => {
    const counted = inFlight.enter();
    try {
      const message = answer(request.message, new DirectScope(request));
      if (message instanceof Promise) return later(message, request, counted);
      end(request, counted);
      return { code: 0, message };
    } catch (thrown) {
      end(request, counted);
      return failed(thrown);
    }
  };
}

/** A run has had its feeds copied before it began, and the answer has copies of its outputs. */
function end(request: UnaryRequest, counted: Disposable): void {
  counted[Symbol.dispose]();
  request.release();
}

class DirectScope implements CallScope {
  readonly #request: UnaryRequest;
  #gaveUp: AbortController | undefined;

  constructor(request: UnaryRequest) {
    this.#request = request;
  }

  get deadline(): number {
    return this.#request.deadline;
  }

  /** Made when it is asked for: most calls are answered before anybody could give up. */
  get signal(): AbortSignal {
    if (this.#gaveUp !== undefined) return this.#gaveUp.signal;
    const gaveUp = new AbortController();
    this.#gaveUp = gaveUp;
    const { signal } = this.#request;
    const leave = (): void => gaveUp.abort(clientGaveUp());
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    return gaveUp.signal;
  }
}
