import type { PoolFigures } from "../observe/index.ts";
import type { Members } from "./members.ts";

/** What metrics tell of a pool. `inFlight`: at those that leave, too; `overflows`: of calls that were refused. */
export function poolFigures(name: string, members: Members, inFlight: number, overflows: number): PoolFigures {
  const endpoints = { up: 0, heldBack: 0, down: 0, leaving: members.leaving };
  for (const { endpoint } of members.all()) {
    if (!endpoint.ready) endpoints.down++;
    else if (endpoint.breakerState === "open") endpoints.heldBack++;
    else endpoints.up++;
  }
  return { name, endpoints, inFlight, overflows };
}
