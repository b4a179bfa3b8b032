import { expect } from "vitest";
import type { Tensorgate } from "./tensorgate.ts";

/** Calls of a gateway that may be joined and have left for a worker, and in how many departures. */
export interface Departures {
  readonly count: number;
  readonly calls: number;
}

/** All so far, of one model or of every one. */
export async function departures(gateway: Tensorgate, model = ""): Promise<Departures> {
  const { text } = await gateway.get("/metrics");
  const of = model === "" ? "" : `model="${model}",`;
  return {
    count: sumOf(text, `tensorgate_batch_requests_count\\{${of}`),
    calls: sumOf(text, `tensorgate_batch_requests_sum\\{${of}`),
  };
}

export function since(before: Departures, after: Departures): Departures {
  return { count: after.count - before.count, calls: after.calls - before.calls };
}

/** Requests for a model that have come and are not answered yet. */
export async function inFlight(gateway: Tensorgate, model: string): Promise<number> {
  const { text } = await gateway.get("/metrics");
  return sumOf(text, `tensorgate_requests_in_flight\\{.*model="${model}"`);
}

function sumOf(metrics: string, series: string): number {
  let sum = 0;
  for (const [, value] of metrics.matchAll(new RegExp(`^${series}.*\\} (\\d+)$`, "gm"))) sum += Number(value);
  return sum;
}

export interface Together<T> {
  readonly answers: readonly T[];
  /** What had left while the worker stood still. */
  readonly left: Departures;
  readonly inAll: Departures;
}

/** Stops the one worker while calls come, one after the other has arrived, and lets it answer them all then. */
export async function together<T>(
  gateway: Tensorgate,
  model: string,
  asks: readonly (() => Promise<T>)[],
  meanwhile: () => Promise<void> = async () => {},
): Promise<Together<T>> {
  const before = await departures(gateway, model);
  const [pid] = gateway.workerPids();
  if (pid === undefined) throw new Error("there is no worker");
  process.kill(pid, "SIGSTOP");
  const calls: Promise<T>[] = [];
  let left: Departures;
  try {
    for (const ask of asks) {
      calls.push(ask());
      await expect.poll(() => inFlight(gateway, model), { timeout: 10_000 }).toBe(calls.length);
    }
    await meanwhile();
    left = since(before, await departures(gateway, model));
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const answers = await Promise.all(calls);
  return { answers, left, inAll: since(before, await departures(gateway, model)) };
}
