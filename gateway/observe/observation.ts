import { DEFAULT_SIGNATURE, type ModelName, type ModelSpec, type StatusCode } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import type { AccessLog, Arrival, ObservedMethod, Outcome } from "./access.ts";
import type { RequestMetrics } from "./metrics.ts";

export interface ObserverParts {
  readonly metrics: RequestMetrics;
  readonly accessLog: AccessLog;
  /** Whether a name is that of a model we have: no other text becomes a label value. */
  readonly knowsModel: (name: ModelName) => boolean;
}

/** Counts and logs requests; whichever edge they come through, here and nowhere else. */
export interface Observer {
  start(arrival: Arrival): Observation;
}

/** One request under way. Whoever starts it ends it, once. */
export interface Observation {
  /** Said as soon as it is known; may be said again with more in it. From here on it counts as in flight. */
  asksFor(spec: Pick<ModelSpec, "name" | "choice" | "signature">): void;
  /** Who has proven to send it, by the name that the configuration gives. */
  sentBy(client: string): void;
  /** Which version it has been sent to; of several, the last one counts. */
  sentTo(target: Servable): void;
  end(outcome: Outcome): void;
}

export function createObserver(parts: ObserverParts): Observer {
  return { start: (arrival) => new RequestUnderWay(parts, arrival) };
}

class RequestUnderWay implements Observation {
  readonly #parts: ObserverParts;
  readonly #arrival: Arrival;
  readonly #startedMs = performance.now();
  #spec: Pick<ModelSpec, "name" | "choice" | "signature"> | undefined;
  #target: Servable | undefined;
  #client: string | undefined;
  #inFlight: { left(): void } | undefined;

  constructor(parts: ObserverParts, arrival: Arrival) {
    this.#parts = parts;
    this.#arrival = arrival;
  }

  asksFor(spec: Pick<ModelSpec, "name" | "choice" | "signature">): void {
    this.#spec = spec;
    if (this.#inFlight !== undefined) return;
    const { protocol, method } = this.#arrival;
    this.#inFlight = this.#parts.metrics.entered({ protocol, method, model: this.#knownModel() });
  }

  sentBy(client: string): void {
    this.#client = client;
  }

  sentTo(target: Servable): void {
    this.#target = target;
  }

  end(outcome: Outcome): void {
    const { metrics, accessLog } = this.#parts;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.#inFlight?.left();
    metrics.ended(
      {
        protocol: this.#arrival.protocol,
        method: this.#arrival.method,
        model: this.#target?.name ?? this.#knownModel(),
        version: this.#target === undefined ? "" : String(this.#target.version),
        signature: this.#knownSignature(outcome.code),
        code: outcome.code,
      },
      seconds,
    );
    accessLog({
      arrival: this.#arrival,
      outcome,
      spec: this.#spec,
      target: this.#target,
      client: this.#client,
      seconds,
    });
  }

  #knownModel(): string {
    return this.#spec !== undefined && this.#parts.knowsModel(this.#spec.name) ? this.#spec.name : "";
  }

  /** A signature of the version that it was sent to. What was answered OK had one, and needs no look at the version's list. */
  #knownSignature(code: StatusCode): string {
    if (!SIGNED.has(this.#arrival.method) || this.#spec === undefined || this.#target === undefined) return "";
    const signature = this.#spec.signature === "" ? DEFAULT_SIGNATURE : this.#spec.signature;
    return code === "OK" || this.#target.signatures.has(signature) ? signature : "";
  }
}

const SIGNED: ReadonlySet<ObservedMethod> = new Set(["Predict", "Classify", "Regress", "MultiInference"]);
