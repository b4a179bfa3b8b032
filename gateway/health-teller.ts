import type { Logger } from "../core/index.ts";

export interface HealthParts {
  /** What still keeps the gateway from being ready. */
  readonly missing: () => readonly string[];
  /** What the gRPC health service answers. */
  readonly setServing: (isServing: boolean) => void;
  readonly log: Logger;
}

/** With thousands of models that load, readiness is not judged anew for each of them. */
export const HEALTH_MS = 50;

/** The log names only the first things that are missing; /readyz has them all. */
const MISSING_LOGGED = 10;

/** Small models are there by then; of others, and of what is never there, the log tells what is waited for. */
const STARTED_MS = 20_000;

export interface HealthTeller {
  /** Looks whether the gateway is ready, and says so where that has changed. */
  tell(): void;
  close(): void;
}

/** Says whether the gateway is ready, to whoever watches its health and, when that changes, to the log. */
export function healthTeller({ missing, setServing, log }: HealthParts): HealthTeller {
  let wasReady = false;
  const first = (): readonly string[] => missing().slice(0, MISSING_LOGGED);
  const late = setTimeout(() => log.warn({ missing: first() }, "not ready yet"), STARTED_MS).unref();
  return {
    tell() {
      const isReady = missing().length === 0;
      setServing(isReady);
      if (isReady !== wasReady) log.info(isReady ? {} : { missing: first() }, isReady ? "ready" : "not ready");
      if (isReady) clearTimeout(late);
      wasReady = isReady;
    },
    close: () => clearTimeout(late),
  };
}

/** Judging ten thousand models takes some 20 ms: for each millisecond that it took, so many are waited, a second at most. */
const SHARE = 20;
const LONGEST_MS = 1_000;

/** The calls of `periodMs` become one, at its end; of a longer time where `act` would take much of it. */
export function atMostEvery(periodMs: number, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = periodMs;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const startMs = performance.now();
      act();
      pauseMs = Math.min(LONGEST_MS, Math.max(periodMs, (performance.now() - startMs) * SHARE));
    }, pauseMs).unref();
  };
}
