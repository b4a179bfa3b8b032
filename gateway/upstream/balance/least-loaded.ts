import { type Candidate, isOpen, type Picker } from "./policy.ts";

/** The least busy of all, ties broken by chance so that an idle pool is used evenly. */
export function leastLoaded<E extends Candidate>(endpoints: readonly E[], random: () => number): Picker<E> {
  return (avoided) => {
    let best: E | undefined;
    let ties = 0;
    for (const endpoint of endpoints) {
      if (!isOpen(endpoint, avoided)) continue;
      if (best === undefined || endpoint.inFlight < best.inFlight) {
        best = endpoint;
        ties = 1;
      } else if (endpoint.inFlight === best.inFlight && random() * ++ties < 1) {
        best = endpoint;
      }
    }
    return best;
  };
}
