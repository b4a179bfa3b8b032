import { leastLoaded as leastLoadedOf } from "../picker.ts";
import { type Candidate, isOpen, type Picker } from "./policy.ts";

/** The least busy of all. */
export function leastLoaded<E extends Candidate>(endpoints: readonly E[], random: () => number): Picker<E> {
  return (avoided) => {
    const open = avoided.size === 0 ? endpoints : endpoints.filter((endpoint) => isOpen(endpoint, avoided));
    return leastLoadedOf(open, undefined, random);
  };
}
