import { type Candidate, NONE, type Picker, type Policy } from "./policy.ts";

/**
 * The policy over the endpoints of the lowest priority of which any can take the call; those to avoid come last of all,
 * whatever their priority.
 */
export function byPriority<E extends Candidate>(
  endpoints: readonly E[],
  policy: Policy,
  random: () => number,
): Picker<E> {
  const priorities = [...new Set(endpoints.map(({ priority }) => priority))].sort((one, other) => one - other);
  const pickers = priorities.map((wanted) =>
    policy(
      endpoints.filter(({ priority }) => priority === wanted),
      random,
    ),
  );
  const first = (avoided: ReadonlySet<E>, key: string | undefined): E | undefined => {
    for (const pick of pickers) {
      const endpoint = pick(avoided, key);
      if (endpoint !== undefined) return endpoint;
    }
    return undefined;
  };
  return (avoided, key) => first(avoided, key) ?? (avoided.size > 0 ? first(NONE, key) : undefined);
}
