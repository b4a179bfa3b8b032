import { z } from "zod";
import { type ChainStep, chainStepSchema } from "./chain.ts";
import { outputValues } from "./default-outputs.ts";
import { type FallbackConfig, fallbackSchema } from "./fallback.ts";
import { answerHeaders } from "./header-name.ts";
import { matchSchema, type RouteMatch } from "./match.ts";
import { type RampConfig, rampSchema } from "./ramp.ts";
import { list, section, shortOr } from "./scalar.ts";
import { type ShadowConfig, shadowSchema } from "./shadow.ts";
import { armSchema, armsOf, type SplitArm } from "./split.ts";
import { type StickyKey, stickyKey } from "./sticky.ts";
import { type Target, targetKeys, targetSchema } from "./target.ts";
import { text } from "./units.ts";
import { checkArms, checkNames } from "./weights.ts";

/** One entry of `routes:`; the first that matches decides. Swapped by a reload. */
export interface RouteConfig {
  /** For metrics, logs, the admin API and `config explain`; that of a route without one is its place, `routes[3]`. */
  readonly name: string;
  /** `file:line:column`; "" where there is no file. */
  readonly place: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  /** Ties equal requests to one arm, and to one side of `match.percent` and of a shadow's. */
  readonly sticky: StickyKey | undefined;
  readonly shadows: readonly ShadowConfig[];
  readonly fallback: FallbackConfig | undefined;
  /** What Predict answers when nobody does: one row's value by output. */
  readonly defaultOutputs: ReadonlyMap<string, unknown> | undefined;
  /** Sent with each answer; names are in lower case. */
  readonly responseHeaders: ReadonlyMap<string, string>;
  readonly ramp: RampConfig | undefined;
}

export type RouteAction =
  /** The first target that is available. */
  | { readonly by: "to"; readonly targets: readonly Target[] }
  | { readonly by: "split"; readonly arms: readonly SplitArm[] }
  /** Each model's outputs are the next one's inputs, by name. */
  | { readonly by: "chain"; readonly steps: readonly ChainStep[] };

const rewrite = section({ model: targetKeys.model, signature: targetKeys.signature });

const SHADOWS = shortOr(
  list(shadowSchema),
  shadowSchema.transform((one) => [one]),
);

const NO_TARGET: Target = { model: undefined, choice: { by: "asked" }, signature: undefined, pool: undefined };

/** `place` is filled in by whoever knows the file. */
export const routeSchema: z.ZodType<RouteConfig> = section({
  name: text().optional().describe("For metrics, logs and explain; default: its place, routes[3]."),
  match: matchSchema.prefault({}),
  to: list(targetSchema, 1).optional().describe("The first of these that is available."),
  split: list(armSchema, 1).optional().describe("One of these by chance, by weight."),
  chain: list(chainStepSchema, 2).optional().describe("Models whose outputs are the next one's inputs."),
  sticky: stickyKey("arm").optional().describe("Ties equal requests to one arm."),
  shadow: SHADOWS.prefault([]).describe("Targets that get copies whose answers are compared, and nobody waits for."),
  fallback: fallbackSchema.optional().describe("Targets that answer where the others do not."),
  rewrite: rewrite.optional().describe("The model or signature to run in place of the one that the request names."),
  defaultOutputs: outputValues()
    .optional()
    .describe("What Predict answers when nobody does: one row's value by output."),
  responseHeaders: answerHeaders().prefault({}).describe("Headers of each answer; over gRPC: metadata."),
  ramp: rampSchema.optional().describe("Lets one arm of the split grow by steps, as long as it does well."),
}).transform((input, context): RouteConfig => {
  const wrong = (message: string, ...path: PropertyKey[]): void =>
    context.addIssue({ code: "custom", message, path, input });
  const { to, split, chain, rewrite, ramp } = input;
  const given = [to, split, chain].filter((each) => each !== undefined).length;
  if (given > 1 || (given === 0 && rewrite === undefined)) {
    wrong("expected exactly one of to, split, chain, or rewrite alone");
    return z.NEVER;
  }
  const isDrawn = input.match.percent !== undefined || input.shadow.some(({ percent }) => percent < 100);
  if (input.sticky !== undefined && split === undefined && !isDrawn) {
    wrong("is for a split, a match.percent or a shadow's percent only", "sticky");
  }
  if (chain !== undefined && rewrite !== undefined) wrong("is not for a chain, whose steps name their own", "rewrite");
  if (ramp !== undefined && split === undefined) wrong("is for a split only", "ramp");
  if (split !== undefined) checkArms(split, ramp, wrong);
  checkNames("shadow", input.shadow, wrong);

  const renamed = (target: Target): Target => ({
    ...target,
    model: target.model ?? (rewrite?.model as Target["model"]),
    signature: target.signature ?? rewrite?.signature,
  });
  const action: RouteAction =
    chain !== undefined
      ? { by: "chain", steps: chain }
      : split !== undefined
        ? { by: "split", arms: armsOf(split, ramp).map((each) => ({ ...each, target: renamed(each.target) })) }
        : { by: "to", targets: (to ?? [NO_TARGET]).map(renamed) };
  return {
    name: input.name ?? "",
    place: "",
    match: input.match,
    action,
    sticky: input.sticky,
    shadows: input.shadow.map((shadow) => ({ ...shadow, target: renamed(shadow.target) })),
    fallback: input.fallback && { ...input.fallback, to: input.fallback.to.map(renamed) },
    defaultOutputs: input.defaultOutputs,
    responseHeaders: input.responseHeaders,
    ramp,
  };
});
