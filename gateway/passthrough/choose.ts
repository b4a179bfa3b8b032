import { armByChance, armByKey, type KeyedCall, stickyText } from "../routing/index.ts";
import { passError } from "./failure.ts";
import type { PassArm, PassRoute } from "./table.ts";

/** Of an endpoint, what a choice looks at. */
interface Load {
  /** Let through by its breaker. */
  readonly pickable: boolean;
  readonly inFlight: number;
}

/** Two by chance, the less busy one of them; undefined when none of those that were not tried can be had. */
export function lessBusyOfTwo<E extends Load>(
  endpoints: readonly E[],
  tried?: ReadonlySet<E>,
  random: () => number = Math.random,
): E | undefined {
  const able = endpoints.filter((endpoint) => endpoint.pickable && tried?.has(endpoint) !== true);
  if (able.length < 2) return able[0];
  const first = Math.floor(random() * able.length);
  const second = (first + 1 + Math.floor(random() * (able.length - 1))) % able.length;
  const [one, other] = [able[first] as E, able[second] as E];
  return other.inFlight < one.inFlight ? other : one;
}

/**
 * The arm that answers: one by weight, by the client's key or by chance. An arm of which every endpoint is held back is left
 * out until one is not. Throws when none is left.
 */
export function chooseArm({ arms, config }: PassRoute, call: KeyedCall, random: () => number = Math.random): PassArm {
  const able = arms.filter(({ weight, endpoints }) => weight > 0 && endpoints.some(({ pickable }) => pickable));
  const key = able.length > 1 ? stickyText(config.sticky, call) : undefined;
  const arm = key === undefined ? armByChance(able, random()) : armByKey(able, key);
  if (arm !== undefined) return arm;
  throw passError("held back", `${config.name}: every upstream is held back after too many failures`);
}
