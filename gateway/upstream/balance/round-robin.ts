import { type Candidate, isOpen, type Picker, randomIndex } from "./policy.ts";

/** Each in turn, from one that chance decides, so that gateways which start together do not walk in step. */
export function roundRobin<E extends Candidate>(endpoints: readonly E[], random: () => number): Picker<E> {
  const count = endpoints.length;
  let turn = randomIndex(count, random);
  return (avoided) => {
    for (let i = 0; i < count; i++) {
      const endpoint = endpoints[(turn + i) % count] as E;
      if (!isOpen(endpoint, avoided)) continue;
      turn = (turn + i + 1) % count;
      return endpoint;
    }
    return undefined;
  };
}
