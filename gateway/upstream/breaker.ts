import CircuitBreaker from "opossum";
import type { BreakerConfig } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import type { BreakerState } from "../observe/index.ts";
import { failureOf } from "./call-failure.ts";

/** Holds calls back from an endpoint that keeps failing. */
export interface Breaker {
  /** Whether a call would be let through: closed, or half open and nobody is trying it out yet. */
  readonly passes: boolean;
  readonly state: BreakerState;
  /** Runs the call and counts how it ended; its error is passed on. UNAVAILABLE when it is not let through. */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** Ends its timers. */
  close(): void;
}

/**
 * Opossum's breaker over the calls of one endpoint. By default only calls that the worker did not answer, or answered with
 * UNAVAILABLE, are failures: what a graph, a client's deadline or a client that gave up ends says nothing about the
 * worker's health.
 */
export function createBreaker(
  name: string,
  config: BreakerConfig,
  onChange: (state: BreakerState) => void = () => {},
  isFailure: (thrown: unknown) => boolean = isWorkersFault,
): Breaker {
  const circuit = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    name,
    timeout: false,
    errorThresholdPercentage: config.errorThresholdPercent,
    rollingCountTimeout: config.windowMs,
    volumeThreshold: config.minRequests,
    resetTimeout: config.resetTimeoutMs,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    errorFilter: (thrown: unknown) => !isFailure(thrown),
  });
  circuit.on("open", () => onChange("open"));
  circuit.on("halfOpen", () => onChange("halfOpen"));
  circuit.on("close", () => onChange("closed"));
  return {
    get passes() {
      return circuit.closed || circuit.pendingClose;
    },
    get state() {
      if (circuit.closed) return "closed";
      return circuit.halfOpen ? "halfOpen" : "open";
    },
    async run<T>(call: () => Promise<T>): Promise<T> {
      if (!circuit.closed && !circuit.pendingClose) {
        throw new InferenceError("UNAVAILABLE", `${name} is held back after too many failures`, {
          origin: "worker",
        });
      }
      return (await circuit.fire(call)) as T;
    },
    close: () => circuit.shutdown(),
  };
}

function isWorkersFault(thrown: unknown): boolean {
  const kind = thrown instanceof InferenceError ? failureOf(thrown)?.kind : undefined;
  return kind === "refused" || kind === "dropped" || kind === "unavailable";
}
