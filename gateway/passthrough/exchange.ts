import type { IncomingMessage, ServerResponse } from "node:http";
import { CallController, type CallSignal, type InferenceError } from "../../core/index.ts";
import { hasBody, headerOf } from "../incoming.ts";
import type { HttpAccess, HttpMetrics } from "../observe/index.ts";
import type { PassEdge } from "./edge.ts";
import { passError } from "./failure.ts";
import { type Silence, watchSilence } from "./silence.ts";
import type { PassArm, PassRoute } from "./table.ts";
import type { UpstreamEndpoint } from "./upstream-endpoint.ts";

export interface ExchangeParts {
  readonly metrics: HttpMetrics;
  readonly accessLog: (access: HttpAccess) => void;
}

/** What is known of a request as it comes in. */
export interface Arrived {
  readonly route: PassRoute;
  readonly edge: PassEdge;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `POST /sklearn/predict`, for the log. */
  readonly asked: string;
  /** Its address, for the log. */
  readonly client: string;
}

/** One request that passes through, from its head until its answer has left. It is counted and logged once, whatever ends it. */
export class Exchange implements Arrived {
  readonly route: PassRoute;
  readonly edge: PassEdge;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly asked: string;
  readonly client: string;
  /** By its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** A body follows the head. */
  readonly hasBody: boolean;
  /** As the client has it. */
  readonly contentType: string | undefined;
  /** The known client that asks. */
  clientName: string | undefined;
  arm: PassArm | undefined;
  /** Where it goes, or went last. */
  endpoint: UpstreamEndpoint | undefined;
  /** Of the bodies, so far. */
  bytesIn = 0;
  bytesOut = 0;
  /** Told of each piece of the answer's body. */
  onAnswerPiece: (() => void) | undefined;
  /** What broke an answer off. */
  broken: InferenceError | undefined;
  readonly #gaveUp = new CallController();
  readonly #parts: ExchangeParts;
  readonly #startedMs = performance.now();
  readonly #limit: Silence;
  #ended = false;

  constructor({ route, edge, request, response, asked, client }: Arrived, parts: ExchangeParts) {
    this.route = route;
    this.edge = edge;
    this.request = request;
    this.response = response;
    this.asked = asked;
    this.client = client;
    this.header = headerOf(request);
    this.hasBody = hasBody(request);
    this.contentType = request.headers["content-type"];
    this.#parts = parts;
    route.load.inFlight++;
    response.once("close", this.#onClose);
    this.#limit = watchSilence(route.config.maxDurationMs, always, this.#onTooLong);
  }

  /** Aborted when the client leaves before it has its whole answer, or when `broken` says why it gets no more. */
  get gaveUp(): CallSignal {
    return this.#gaveUp;
  }

  /** Said before the last of the answer leaves: whoever has it finds it in the metrics. What is said later is passed over. */
  end(status: number, error?: InferenceError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#limit.stop();
    const { name, arms } = this.route.config;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.route.load.inFlight--;
    this.#parts.metrics.ended({ name, arm: this.arm?.name ?? "" }, status, seconds);
    this.#parts.accessLog({
      request: this.asked,
      name,
      arm: arms.length > 1 ? this.arm?.name : undefined,
      upstream: this.endpoint?.origin,
      status,
      seconds,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      client: this.client,
      clientName: this.clientName,
      error,
    });
  }

  readonly #onTooLong = (): void => {
    const { name, maxDurationMs } = this.route.config;
    this.broken ??= passError("too long", `${name}: the answer has not come whole within ${maxDurationMs} ms`);
    this.#gaveUp.abort();
  };

  readonly #onClose = (): void => {
    const { response, broken } = this;
    if (response.writableFinished) return this.end(response.statusCode);
    this.end(broken === undefined ? 499 : response.statusCode, broken);
    this.#gaveUp.abort();
  };
}

function always(): boolean {
  return true;
}
