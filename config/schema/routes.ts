import { z } from "zod";
import { LATEST, type ModelName, modelName, type Version, type VersionChoice } from "../../core/index.ts";
import { list, mapping, scalar, section, Unfit } from "./scalar.ts";
import { number, text, textOrEmpty, versionNumber } from "./units.ts";

/** One entry of `routes:`; the first that matches decides. Swapped by a reload. */
export interface RouteConfig {
  readonly match: RouteMatch;
  readonly action: RouteAction;
}

export interface RouteMatch {
  readonly model: ModelName;
  /** Equal to what the request asks for: `latest` matches only requests that name neither version nor label. */
  readonly choice: VersionChoice;
  /** All must be there with exactly this value; names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export type RouteAction =
  /** The first target that is available. */
  | { readonly by: "to"; readonly targets: readonly Target[] }
  | { readonly by: "split"; readonly arms: readonly SplitArm[]; readonly sticky: StickyKey | undefined };

export type Target =
  | { readonly by: "version"; readonly version: Version }
  | { readonly by: "label"; readonly label: string };

export interface SplitArm {
  readonly target: Target;
  /** At least 0, relative to the other arms' sum; at least one arm has more than 0. */
  readonly weight: number;
}

/** What ties a client to its arm: the value of a header, its name in lower case. */
export interface StickyKey {
  readonly header: string;
}

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

function headerName(): z.ZodType<string> {
  return scalar("a header name", { type: "string", minLength: 1 }, (value) =>
    typeof value === "string" ? readHeaderName(value) : undefined,
  );
}

function readHeaderName(written: string): string | Unfit {
  const name = written.toLowerCase();
  return HEADER_NAME.test(name) ? name : new Unfit(`expected a header name, got "${written}"`);
}

const match = section({
  model: text(),
  version: versionNumber().optional().describe("Applies to requests that name this version."),
  label: text().optional().describe("Applies to requests that name this label."),
  headers: mapping(textOrEmpty(), { type: "object", additionalProperties: { type: "string" } }, readHeaderName)
    .prefault({})
    .describe("Headers (over gRPC: metadata) that must all be there with exactly this value."),
}).transform(({ model, version, label, headers }, context): RouteMatch => {
  if (version !== undefined && label !== undefined) {
    context.addIssue({ code: "custom", message: "a request names a version or a label, never both", path: ["label"] });
  }
  return { model: modelName(model), choice: targetOf(version, label) ?? LATEST, headers };
});

function targetOf(version: Version | undefined, label: string | undefined): Target | undefined {
  if (version !== undefined) return { by: "version", version };
  return label === undefined ? undefined : { by: "label", label };
}

const targetKeys = { version: versionNumber().optional(), label: text().optional() };

function oneTarget(version: Version | undefined, label: string | undefined, context: z.RefinementCtx): Target {
  const target = targetOf(version, label);
  if (target !== undefined && (version === undefined || label === undefined)) return target;
  context.addIssue({ code: "custom", message: "expected exactly one of version, label" });
  return z.NEVER;
}

const target = section(targetKeys).transform(({ version, label }, context) => oneTarget(version, label, context));

const arm = section({ ...targetKeys, weight: number(0).describe("Relative to the sum of all arms.") }).transform(
  ({ version, label, weight }, context): SplitArm => ({ target: oneTarget(version, label, context), weight }),
);

export const routeSchema: z.ZodType<RouteConfig> = section({
  match,
  to: list(target, 1).optional().describe("The first of these that is available."),
  split: list(arm, 1).optional().describe("One of these by chance, by weight."),
  sticky: section({ header: headerName() }).optional().describe("Ties equal values of a header to one arm."),
}).transform(({ match, to, split, sticky }, context): RouteConfig => {
  const wrong = (message: string, ...path: string[]): void => context.addIssue({ code: "custom", message, path });
  if (to !== undefined && split === undefined) {
    if (sticky !== undefined) wrong("is for a split only", "sticky");
    return { match, action: { by: "to", targets: to } };
  }
  if (split === undefined || to !== undefined) {
    wrong("expected exactly one of to, split");
    return z.NEVER;
  }
  if (!split.some(({ weight }) => weight > 0)) wrong("expected at least one weight over 0", "split");
  return { match, action: { by: "split", arms: split, sticky } };
});
