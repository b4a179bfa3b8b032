import type { BalanceConfig } from "../../../config/index.ts";
import type { RoutedCall } from "../../call.ts";
import { stickyText } from "../../routing/index.ts";
import { byPriority } from "./by-priority.ts";
import { leastLoaded } from "./least-loaded.ts";
import { leastOfTwo } from "./least-of-two.ts";
import { type Candidate, NONE, type Picker, type Policy } from "./policy.ts";
import { ringHash } from "./ring-hash.ts";
import { roundRobin } from "./round-robin.ts";

export const POLICIES: Readonly<Record<BalanceConfig["by"], Policy>> = {
  leastRequest: leastOfTwo,
  leastLoaded,
  roundRobin,
  ringHash,
};

/** Which endpoint of a list gets a call; of those that were tried for it already only when nothing else is left. */
export type Balancer<E> = (
  endpoints: readonly E[],
  tried: ReadonlySet<E> | undefined,
  routed: RoutedCall,
) => E | undefined;

/** Lists are never changed, so each has one picker for as long as it lives. Priorities must stay meanwhile, too. */
export function createBalancer<E extends Candidate>(
  balance: BalanceConfig,
  random: () => number = Math.random,
): Balancer<E> {
  const pickers = new WeakMap<readonly E[], Picker<E>>();
  const policy = POLICIES[balance.by];
  return (endpoints, tried = NONE, routed) => {
    let pick = pickers.get(endpoints);
    if (pick === undefined) {
      pick = byPriority(endpoints, policy, random);
      pickers.set(endpoints, pick);
    }
    return pick(tried, balance.by === "ringHash" ? hashKey(balance, routed) : undefined);
  };
}

function hashKey({ key }: BalanceConfig & { by: "ringHash" }, { call, key: ofRoute }: RoutedCall): string | undefined {
  return stickyText(key, call) ?? ofRoute ?? stickyText({ by: "input" }, call);
}
