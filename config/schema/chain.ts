import type { z } from "zod";
import { mapping, section, Unfit } from "./scalar.ts";
import { type Target, targetKeys, targetOf } from "./target.ts";
import { text } from "./units.ts";

/** One model of several that a request goes through. */
export interface ChainStep {
  readonly target: Target;
  /** By the name of an input: the output of an earlier step, or the input of the request, that it gets. Others get what has their own name. */
  readonly inputs: ReadonlyMap<string, string>;
}

const namesShape = { type: "object", additionalProperties: { type: "string" } };

export const chainStepSchema: z.ZodType<ChainStep> = section({
  ...targetKeys,
  inputs: mapping(text(), namesShape, (key) =>
    key === "" ? new Unfit("expected the name of an input, got an empty one") : key,
  )
    .prefault({})
    .describe("Inputs that get an output of another name: { tokens: ids }."),
}).transform(({ inputs, ...target }, context): ChainStep => ({ target: targetOf(target, context), inputs }));
