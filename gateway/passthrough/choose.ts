import { armByChance, armByKey, type KeyedCall, stickyText } from "../routing/index.ts";
import { passError } from "./failure.ts";
import type { PassArm, PassRoute } from "./table.ts";

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
