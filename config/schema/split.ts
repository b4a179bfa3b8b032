import { z } from "zod";
import type { RampConfig } from "./ramp.ts";
import { section } from "./scalar.ts";
import { type Target, targetKeys, targetName, targetOf } from "./target.ts";
import { text } from "./units.ts";
import { type Weight, weight } from "./weights.ts";

export interface SplitArm {
  /** Unique in its split. */
  readonly name: string;
  readonly target: Target;
  /** At least 0, relative to the other arms' sum; at least one arm has more than 0. */
  readonly weight: number;
}

/** As it is written. */
export interface Arm {
  readonly name: string;
  readonly target: Target;
  readonly weight: Weight | undefined;
}

export const armSchema: z.ZodType<Arm> = section({
  name: text().optional().describe("For metrics and headers; default: its label, version, model, pool or signature."),
  ...targetKeys,
  weight: weight()
    .optional()
    .describe("Relative to the sum of all arms, or a percentage; that of a ramp's arm is its step's."),
}).transform(({ name, weight, ...input }, context) => {
  const target = targetOf(input, context);
  return { name: name ?? targetName(target), target, weight };
});

/** Those of a ramp without a weight share alike; its own arm has none until a step gives it one. */
export function armsOf(split: readonly Arm[], ramp: RampConfig | undefined): readonly SplitArm[] {
  return split.map(({ name, target, weight }) => ({
    name,
    target,
    weight: name === ramp?.arm ? 0 : (weight?.value ?? 1),
  }));
}
