import type { z } from "zod";
import { choiceKey, LATEST, type Version, type VersionChoice } from "../../core/index.ts";
import { readHeaderName } from "./header-name.ts";
import { mapping, section } from "./scalar.ts";
import { versionOr } from "./target.ts";
import { type TextMatch, textMatch } from "./text-match.ts";
import { percent, text } from "./units.ts";

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
  /** Of the requests that match otherwise; undefined: all. */
  readonly percent: number | undefined;
}

/** Whether a route takes requests that ask for this, as far as that decides; `any`: whatever they ask for. */
export function takesChoice(wanted: RouteMatch["choice"], asked: RouteMatch["choice"]): boolean {
  return wanted.by === "any" || (asked.by !== "any" && choiceKey(wanted) === choiceKey(asked));
}

export const matchSchema: z.ZodType<RouteMatch> = section({
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
  const { model, signature, headers, client, percent } = others;
  return { model, choice: choiceOf(version, label), signature, headers, client, percent };
});

function choiceOf(version: Version | "any" | undefined, label: string | undefined): RouteMatch["choice"] {
  if (version === "any") return { by: "any" };
  if (version !== undefined) return { by: "version", version };
  return label === undefined ? LATEST : { by: "label", label };
}
