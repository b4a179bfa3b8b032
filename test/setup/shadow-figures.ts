import { expect } from "vitest";
import type { Tensorgate } from "./tensorgate.ts";

/** Copies by what became of them; zeros are left out. */
export async function shadowOutcomes(gateway: Tensorgate, route: string): Promise<Record<string, number>> {
  const { text } = await gateway.get("/metrics");
  const outcomes: Record<string, number> = {};
  const series = new RegExp(`^tensorgate_shadow_requests_total\\{route="${route}",.*outcome="(\\w+)"\\} (\\d+)$`, "gm");
  for (const [, outcome = "", count] of text.matchAll(series)) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + Number(count);
  }
  return outcomes;
}

/** Waits until the copies of a route have ended so. */
export async function expectOutcomes(
  gateway: Tensorgate,
  route: string,
  want: Readonly<Record<string, number>>,
): Promise<void> {
  await expect.poll(() => shadowOutcomes(gateway, route)).toEqual(want);
}
