import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { type BreakerState, breakerSamples } from "./breaker-state.ts";
import type { Presence } from "./presence.ts";

export interface HttpLabels {
  /** Of the entry of `http:`. */
  readonly name: string;
  /** "" without a split, and of a request that was refused before it had one. */
  readonly arm: string;
}

/** One endpoint that requests are passed on to, as it is at this moment. */
export interface UpstreamFigures {
  /** Its origin: `http://127.0.0.1:9000`. */
  readonly upstream: string;
  readonly inFlight: number;
  readonly breaker: BreakerState;
}

/** What is under way at this moment. */
export interface HttpFigures {
  readonly entries: readonly { readonly name: string; readonly inFlight: number }[];
  readonly upstreams: readonly UpstreamFigures[];
}

/** Requests that other servers answer. They are few enough for `prom-client`. */
export class HttpMetrics {
  readonly #requests: Counter<"name" | "arm" | "code">;
  readonly #seconds: Histogram<"name" | "arm">;
  readonly #inFlight: Gauge<"name">;
  readonly #upstreamInFlight: Gauge<"upstream">;
  readonly #breaker: Gauge<"upstream" | "state">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: "tensorgate_http_requests_total",
      help: "Requests passed on to other HTTP servers, by the status that the client got.",
      labelNames: ["name", "arm", "code"] as const,
      registers,
    });
    this.#seconds = new Histogram({
      name: "tensorgate_http_request_duration_seconds",
      help: "Time from the arrival of a request that is passed on to another HTTP server to the end of its answer.",
      labelNames: ["name", "arm"] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#inFlight = new Gauge({
      name: "tensorgate_http_requests_in_flight",
      help: "Requests passed on to other HTTP servers that are being answered.",
      labelNames: ["name"] as const,
      registers,
    });
    this.#upstreamInFlight = new Gauge({
      name: "tensorgate_http_upstream_requests_in_flight",
      help: "Requests sent to an upstream of http whose answers have not ended.",
      labelNames: ["upstream"] as const,
      registers,
    });
    this.#breaker = new Gauge({
      name: "tensorgate_http_upstream_breaker_state",
      help: "1 for the state that the circuit breaker of an upstream of http is in, 0 for the others.",
      labelNames: ["upstream", "state"] as const,
      registers,
    });
  }

  ended({ name, arm }: HttpLabels, status: number, seconds: number): void {
    this.#requests.inc({ name, arm, code: String(status) });
    this.#seconds.observe({ name, arm }, seconds);
  }

  async forgetGone(presence: Presence): Promise<void> {
    const underWay = new Set<string>();
    for (const { labels, value } of (await this.#inFlight.get()).values)
      if (value > 0) underWay.add(String(labels.name));
    for (const { labels } of (await this.#requests.get()).values) {
      const [name, arm, code] = [String(labels.name), String(labels.arm), String(labels.code)];
      if (underWay.has(name) || presence.hasHttpArm(name, arm)) continue;
      this.#requests.remove({ name, arm, code });
      this.#seconds.remove({ name, arm });
    }
  }

  /** Set anew for each scrape, so an entry or endpoint that is gone leaves nothing behind. */
  set({ entries, upstreams }: HttpFigures): void {
    this.#inFlight.reset();
    for (const { name, inFlight } of entries) this.#inFlight.set({ name }, inFlight);
    this.#upstreamInFlight.reset();
    this.#breaker.reset();
    for (const { upstream, inFlight, breaker } of upstreams) {
      // One that is spoken to by several certificates has a breaker for each.
      this.#upstreamInFlight.inc({ upstream }, inFlight);
      for (const [state, value] of breakerSamples(breaker)) this.#breaker.inc({ upstream, state }, value);
    }
  }
}
