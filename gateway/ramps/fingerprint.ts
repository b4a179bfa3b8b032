import { createHash } from "node:crypto";
import type { Config } from "../../config/index.ts";
import type { RampRoute } from "./weights.ts";

/**
 * What a ramp's progress was made with: another one begins anew. It is the ramp, the arms with their targets, and the
 * version behind the label of the arm that grows: a label that is pointed at another version is another candidate. Neither
 * the other arms' weights nor the versions behind their labels are part of it.
 */
export function fingerprintOf({ match, action, ramp }: RampRoute, { models }: Pick<Config, "models">): string {
  const target = action.arms.find(({ name }) => name === ramp.arm)?.target;
  const asked = match.model?.by === "exact" ? match.model.value : undefined;
  const model = models.find(({ name }) => name === (target?.model ?? asked));
  const version = target?.choice.by === "label" ? model?.labels.get(target.choice.label) : undefined;
  const arms = action.arms.map(({ name, target }) => [name, target]);
  const text = JSON.stringify([ramp, arms, version], (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
