import { Counter, Gauge, type Registry } from "prom-client";

/** One pool beside the local workers, as it is at this moment. */
export interface PoolFigures {
  readonly name: string;
  readonly endpoints: Readonly<Record<"up" | "heldBack" | "down" | "leaving", number>>;
  readonly inFlight: number;
  /** Since the pool is there. */
  readonly overflows: number;
}

const STATES = [
  ["up", "up"],
  ["heldBack", "held_back"],
  ["down", "down"],
  ["leaving", "leaving"],
] as const;

/** Figures of the pools beside the local workers, set anew for each scrape. */
export class PoolMetrics {
  readonly #endpoints: Gauge<"pool" | "state">;
  readonly #inFlight: Gauge<"pool">;
  readonly #overflows: Counter<"pool">;

  constructor(registry: Registry) {
    this.#endpoints = new Gauge({
      name: "tensorgate_pool_endpoints",
      help: "Endpoints of the pool by state: up, held_back (too many failures), down, leaving.",
      labelNames: ["pool", "state"],
      registers: [registry],
    });
    this.#inFlight = new Gauge({
      name: "tensorgate_pool_requests_in_flight",
      help: "Calls sent to the pool's endpoints and not yet answered.",
      labelNames: ["pool"],
      registers: [registry],
    });
    this.#overflows = new Counter({
      name: "tensorgate_pool_overflows_total",
      help: "Calls refused because the pool or its endpoints had as many as their limits allow.",
      labelNames: ["pool"],
      registers: [registry],
    });
  }

  set(pools: readonly PoolFigures[]): void {
    for (const metric of [this.#endpoints, this.#inFlight, this.#overflows]) metric.reset();
    for (const { name: pool, endpoints, inFlight, overflows } of pools) {
      for (const [is, state] of STATES) this.#endpoints.set({ pool, state }, endpoints[is]);
      this.#inFlight.set({ pool }, inFlight);
      this.#overflows.inc({ pool }, overflows);
    }
  }
}
