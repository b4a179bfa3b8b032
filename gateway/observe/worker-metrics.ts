import { Counter, Gauge, type Registry } from "prom-client";
import { type BreakerState, breakerSamples } from "./breaker-state.ts";

/** One worker's place in the pool, as it is at this moment. */
export interface WorkerFigures {
  /** `worker-0`, or the address of a remote one. */
  readonly name: string;
  /** Connected and reporting. */
  readonly ready: boolean;
  /** Processes started after the first one. */
  readonly restarts: number;
  readonly inFlight: number;
  /** Undefined between two processes. */
  readonly breaker: BreakerState | undefined;
  /** Undefined when there is no process. */
  readonly residentBytes: number | undefined;
  /** What its loaded versions are estimated to take. */
  readonly modelBytes: number;
}

/** Figures of the pool. All values are set anew for each scrape, so a worker that is gone leaves none behind. */
export class WorkerMetrics {
  readonly #up: Gauge<"worker">;
  readonly #restarts: Counter<"worker">;
  readonly #inFlight: Gauge<"worker">;
  readonly #resident: Gauge<"worker">;
  readonly #models: Gauge<"worker">;
  readonly #breaker: Gauge<"worker" | "state">;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string): Gauge<"worker"> =>
      new Gauge({ name, help, labelNames: ["worker"], registers: [registry] });
    this.#up = gauge("tensorgate_worker_up", "1 while the worker is connected, else 0.");
    this.#inFlight = gauge("tensorgate_worker_requests_in_flight", "Calls sent to the worker and not yet answered.");
    this.#resident = gauge("tensorgate_worker_resident_memory_bytes", "Resident memory of the worker's process.");
    this.#models = gauge(
      "tensorgate_worker_model_memory_bytes",
      "What the worker's loaded versions are estimated to take.",
    );
    this.#restarts = new Counter({
      name: "tensorgate_worker_restarts_total",
      help: "Processes started in the worker's place after the first one.",
      labelNames: ["worker"],
      registers: [registry],
    });
    this.#breaker = new Gauge({
      name: "tensorgate_worker_breaker_state",
      help: "1 for the state that the worker's circuit breaker is in, 0 for the others.",
      labelNames: ["worker", "state"],
      registers: [registry],
    });
  }

  set(workers: readonly WorkerFigures[]): void {
    for (const metric of [this.#up, this.#restarts, this.#inFlight, this.#resident, this.#models, this.#breaker]) {
      metric.reset();
    }
    for (const each of workers) {
      const labels = { worker: each.name };
      this.#up.set(labels, each.ready ? 1 : 0);
      this.#restarts.inc(labels, each.restarts);
      this.#inFlight.set(labels, each.inFlight);
      this.#models.set(labels, each.modelBytes);
      if (each.residentBytes !== undefined) this.#resident.set(labels, each.residentBytes);
      if (each.breaker === undefined) continue;
      for (const [state, value] of breakerSamples(each.breaker)) this.#breaker.set({ ...labels, state }, value);
    }
  }
}
