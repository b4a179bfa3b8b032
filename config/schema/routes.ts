import { z } from "zod";
import { LATEST, type VersionChoice } from "../../core/index.ts";
import { type ChainStep, chainStepSchema } from "./chain.ts";
import { outputValues } from "./default-outputs.ts";
import { type FallbackConfig, fallbackSchema } from "./fallback.ts";
import { headerValue, readAnswerHeaderName, readHeaderName } from "./header-name.ts";
import { type RampConfig, rampSchema } from "./ramp.ts";
import { list, mapping, scalar, section, shortOr, Unfit } from "./scalar.ts";
import { type ShadowConfig, shadowSchema } from "./shadow.ts";
import { type StickyKey, stickyKey } from "./sticky.ts";
import { type Target, targetKeys, targetName, targetOf, targetSchema, versionOr } from "./target.ts";
import { type TextMatch, textMatch } from "./text-match.ts";
import { number, percent, text } from "./units.ts";

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

/** All of it must hold. */
export interface RouteMatch {
  /** Undefined: any model. */
  readonly model: TextMatch | undefined;
  /** Equal to what the request asks for: `latest` matches only requests that name neither version nor label. */
  readonly choice: VersionChoice | { readonly by: "any" };
  /** A request that names none asks for `serving_default`. */
  readonly signature: TextMatch | undefined;
  /** HTTP headers or gRPC metadata; names are in lower case. */
  readonly headers: ReadonlyMap<string, TextMatch>;
  /** The client's name, of those that have proven who they are. */
  readonly client: TextMatch | undefined;
  /** Of the requests that match otherwise, over 0; undefined: all. */
  readonly percent: number | undefined;
}

export type RouteAction =
  /** The first target that is available. */
  | { readonly by: "to"; readonly targets: readonly Target[] }
  | { readonly by: "split"; readonly arms: readonly SplitArm[] }
  /** Each model's outputs are the next one's inputs, by name. */
  | { readonly by: "chain"; readonly steps: readonly ChainStep[] };

export interface SplitArm {
  /** Unique in its split. */
  readonly name: string;
  readonly target: Target;
  /** At least 0, relative to the other arms' sum; at least one arm has more than 0. */
  readonly weight: number;
}

const match = section({
  model: textMatch(false).optional().describe("The model's name; default: any."),
  version: versionOr("any")
    .optional()
    .describe("Applies to requests that name this version; any: whatever version or label they name, or none."),
  label: text().optional().describe("Applies to requests that name this label."),
  signature: textMatch(false).optional().describe("The signature's name; of requests that name none: serving_default."),
  headers: mapping(textMatch(true), { type: "object" }, readHeaderName)
    .prefault({})
    .describe("Headers (over gRPC: metadata) that must all be so: a text, { prefix }, { regex } or { present }."),
  client: textMatch(true).optional().describe("The name of the client, one of clients."),
  percent: percent().optional().describe("Applies to this part of the requests only."),
}).transform(({ version, label, ...others }, context): RouteMatch => {
  if (version !== undefined && label !== undefined) {
    context.addIssue({ code: "custom", message: "a request names a version or a label, never both", path: ["label"] });
  }
  if (others.percent === 0) context.addIssue({ code: "custom", message: "expected more than 0%", path: ["percent"] });
  const { model, signature, headers, client, percent } = others;
  return { model, choice: choiceOf(version, label), signature, headers, client, percent };
});

function choiceOf(
  version: Exclude<z.infer<ReturnType<typeof versionOr<"any">>>, never> | undefined,
  label: string | undefined,
): RouteMatch["choice"] {
  if (version === "any") return { by: "any" };
  if (version !== undefined) return { by: "version", version };
  return label === undefined ? LATEST : { by: "label", label };
}

/** A weight as it is written: percents have to add up. */
export interface Weight {
  readonly value: number;
  readonly isPercent: boolean;
}

export function weight(): z.ZodType<Weight> {
  const shape = {
    anyOf: [
      { type: "number", minimum: 0 },
      { type: "string", pattern: "^\\d+(\\.\\d+)?%$" },
    ],
  };
  const [plain, share] = [number(0), percent()];
  return scalar("a number, at least 0, or a percentage like 5%", shape, (value) => {
    const isPercent = typeof value === "string";
    const parsed = (isPercent ? share : plain).safeParse(value);
    return parsed.success ? { value: parsed.data, isPercent } : undefined;
  });
}

const arm = section({
  name: text().optional().describe("For metrics and headers; default: its label or version."),
  ...targetKeys,
  weight: weight()
    .optional()
    .describe("Relative to the sum of all arms, or a percentage; that of a ramp's arm is its step's."),
}).transform(({ name, weight, ...input }, context) => {
  const target = targetOf(input, context);
  return { name: name ?? targetName(target), target, weight };
});

type Arm = z.infer<typeof arm>;

const rewrite = section({ model: targetKeys.model, signature: targetKeys.signature });

const SHADOWS = shortOr(
  list(shadowSchema),
  shadowSchema.transform((one) => [one]),
);

const NO_TARGET: Target = { model: undefined, choice: { by: "asked" }, signature: undefined, pool: undefined };

/** `place` is filled in by whoever knows the file. */
export const routeSchema: z.ZodType<RouteConfig> = section({
  name: text().optional().describe("For metrics, logs and explain; default: its place, routes[3]."),
  match: match.prefault({}),
  to: list(targetSchema, 1).optional().describe("The first of these that is available."),
  split: list(arm, 1).optional().describe("One of these by chance, by weight."),
  chain: list(chainStepSchema, 2).optional().describe("Models whose outputs are the next one's inputs."),
  sticky: stickyKey("arm").optional().describe("Ties equal requests to one arm."),
  shadow: SHADOWS.prefault([]).describe("Targets that get copies whose answers are compared, and nobody waits for."),
  fallback: fallbackSchema.optional().describe("Targets that answer where the others do not."),
  rewrite: rewrite.optional().describe("The model or signature to run in place of the one that the request names."),
  defaultOutputs: outputValues()
    .optional()
    .describe("What Predict answers when nobody does: one row's value by output."),
  responseHeaders: mapping(
    headerValue(),
    { type: "object", additionalProperties: { type: "string" } },
    readAnswerHeaderName,
  )
    .prefault({})
    .describe("Headers of each answer; over gRPC: metadata."),
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

/** Refuses names that stand twice; answers where each stands first. */
function checkNames(
  key: string,
  entries: readonly { readonly name: string }[],
  wrong: Wrong,
): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [i, { name }] of entries.entries()) {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, i);
    else wrong(`is called "${name}" as ${key}[${earlier}] is: give one of them a name`, key, i);
  }
  return first;
}

type Wrong = (message: string, ...path: PropertyKey[]) => void;

/** Names and weights of a split. `wrong` takes paths from what has the key `split`. */
export function checkArms(
  split: readonly { readonly name: string; readonly weight?: Weight | undefined }[],
  ramp: RampConfig | undefined,
  wrong: Wrong,
): void {
  const first = checkNames("split", split, wrong);
  for (const [i, { weight }] of split.entries()) {
    if (weight === undefined && ramp === undefined) wrong("is missing", "split", i, "weight");
  }
  for (const key of ["arm", "baseline"] as const) {
    const name = ramp?.[key];
    if (name !== undefined && !first.has(name)) {
      wrong(`no arm is called "${name}", expected one of ${[...first.keys()].join(", ")}`, "ramp", key);
    }
  }
  if (ramp !== undefined && split.length < 2) wrong("expected at least one arm beside the ramp's", "split");
  if (ramp !== undefined && ramp.baseline === ramp.arm)
    wrong("expected another arm than the ramp's own", "ramp", "baseline");

  const weights = split.filter(({ name }) => name !== ramp?.arm).flatMap(({ weight }) => weight ?? []);
  const percents = weights.filter(({ isPercent }) => isPercent);
  const sum = percents.reduce((total, { value }) => total + value, 0);
  if (percents.length > 0 && percents.length < weights.length)
    wrong("expected either numbers or percentages as weights", "split");
  else if (percents.length > 0 && ramp === undefined && Math.abs(sum - 100) > 1e-9) {
    wrong(`the percentages add up to ${Number(sum.toFixed(6))}%, expected 100%`, "split");
  }
  if (ramp === undefined && !split.some(({ weight }) => weight === undefined || weight.value > 0)) {
    wrong("expected at least one weight over 0", "split");
  }
}

/** Those of a ramp without a weight share alike; its own arm has none until a step gives it one. */
function armsOf(split: readonly Arm[], ramp: RampConfig | undefined): readonly SplitArm[] {
  return split.map(({ name, target, weight }) => ({
    name,
    target,
    weight: name === ramp?.arm ? 0 : (weight?.value ?? 1),
  }));
}
