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

/** Says whether the gateway is ready, to whoever watches its health and, when that changes, to the log. */
export function healthTeller({ missing, setServing, log }: HealthParts): () => void {
  let wasReady = false;
  return () => {
    const still = missing();
    const isReady = still.length === 0;
    setServing(isReady);
    if (isReady !== wasReady) {
      log.info(isReady ? {} : { missing: still.slice(0, MISSING_LOGGED) }, isReady ? "ready" : "not ready");
    }
    wasReady = isReady;
  };
}

/** The calls of `periodMs` become one, at its end. */
export function atMostEvery(periodMs: number, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, periodMs).unref();
  };
}
