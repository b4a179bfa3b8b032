import type { Load } from "./endpoint.ts";

/**
 * The least busy endpoint that can take a call, ties broken by chance so that an idle pool is used evenly; undefined
 * when none can. One of `avoided` (tried for this call already) only when nothing else is left.
 */
export function leastLoaded<E extends Load>(
  endpoints: readonly E[],
  avoided?: ReadonlySet<E>,
  random: () => number = Math.random,
): E | undefined {
  let best: E | undefined;
  let ties = 0;
  for (const endpoint of endpoints) {
    if (!endpoint.pickable || avoided?.has(endpoint)) continue;
    if (best === undefined || endpoint.inFlight < best.inFlight) {
      best = endpoint;
      ties = 1;
    } else if (endpoint.inFlight === best.inFlight && random() * ++ties < 1) {
      best = endpoint;
    }
  }
  if (best === undefined && avoided !== undefined && avoided.size > 0) return leastLoaded(endpoints, undefined, random);
  return best;
}
