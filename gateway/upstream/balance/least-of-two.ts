import type { Load } from "../endpoint.ts";
import { isOpen, type Picker, randomIndex } from "./policy.ts";

/**
 * Of two by chance the less busy one ("The Power of Two Choices in Randomized Load Balancing", Mitzenmacher 2001): nearly as
 * even as the least busy of all, at the price of two looks, and gateways that don't know of each other do not all run to the
 * one that was idle a moment ago.
 */
export function leastOfTwo<E extends Load>(endpoints: readonly E[], random: () => number): Picker<E> {
  return (avoided) => {
    const [one, other] = twoOf(endpoints, random);
    if (one !== undefined && other !== undefined && isOpen(one, avoided) && isOpen(other, avoided)) {
      return lessBusy(one, other);
    }
    const open = endpoints.filter((endpoint) => isOpen(endpoint, avoided));
    const [left, right] = twoOf(open, random);
    return left === undefined || right === undefined ? open[0] : lessBusy(left, right);
  };
}

/** Two different ones; nothing of fewer than two. */
function twoOf<E>(endpoints: readonly E[], random: () => number): readonly E[] {
  const count = endpoints.length;
  if (count < 2) return [];
  const first = randomIndex(count, random);
  const second = (first + 1 + randomIndex(count - 1, random)) % count;
  return [endpoints[first] as E, endpoints[second] as E];
}

function lessBusy<E extends Load>(one: E, other: E): E {
  return other.inFlight < one.inFlight ? other : one;
}
