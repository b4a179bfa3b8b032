import type { Path } from "./config-error.ts";
import { didYouMean } from "./nearest.ts";
import type { ModelConfig } from "./schema/models.ts";
import { isMapping } from "./schema/scalar.ts";

/**
 * Rules that tie one part of a configuration to another. They look at what was written, not at what the schema made of
 * it, so that their findings stand beside the schema's when both have some; what has a wrong shape is passed over here.
 */
export interface Finding {
  readonly path: Path;
  readonly message: string;
}

/** Names of models, each with its labels. */
export type KnownModels = ReadonlyMap<string, ReadonlySet<string>>;

export function modelsNamed(models: readonly ModelConfig[]): KnownModels {
  return new Map(models.map(({ name, labels }) => [name, new Set(labels.keys())]));
}

/** The models that a file's `models` name; undefined when that is no list at all. */
export function namesOf(models: unknown): KnownModels | undefined {
  if (models !== undefined && !Array.isArray(models)) return undefined;
  const known = new Map<string, ReadonlySet<string>>();
  for (const model of (models ?? []) as readonly unknown[]) {
    if (!isMapping(model) || typeof model["name"] !== "string") continue;
    known.set(model["name"], new Set(isMapping(model["labels"]) ? Object.keys(model["labels"]) : []));
  }
  return known;
}

/** Names that stand twice. */
export function modelProblems(models: unknown): Finding[] {
  const first = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [i, model] of listOf(models).entries()) {
    const name = isMapping(model) ? model["name"] : undefined;
    if (typeof name !== "string") continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, i);
    else findings.push({ path: ["models", i, "name"], message: `"${name}" is the name of models[${earlier}] already` });
  }
  return findings;
}

/** Routes that name a model, or a label of it, that is not there. */
export function routeProblems(routes: unknown, known: KnownModels): Finding[] {
  const findings: Finding[] = [];
  for (const [i, route] of listOf(routes).entries()) {
    const match = isMapping(route) ? route["match"] : undefined;
    if (!isMapping(route) || !isMapping(match) || typeof match["model"] !== "string") continue;
    const labels = known.get(match["model"]);
    if (labels === undefined) {
      const message = `no model is called "${match["model"]}"${didYouMean(match["model"], known.keys())}`;
      findings.push({ path: ["routes", i, "match", "model"], message });
      continue;
    }
    const users: readonly (readonly [Path, unknown])[] = [
      [["match"], match],
      ...listOf(route["to"]).map((target, j) => [["to", j], target] as const),
      ...listOf(route["split"]).map((arm, j) => [["split", j], arm] as const),
    ];
    for (const [path, user] of users) {
      const label = isMapping(user) ? user["label"] : undefined;
      if (typeof label !== "string" || labels.has(label)) continue;
      const message = `model "${match["model"]}" has no label "${label}"${didYouMean(label, labels)}`;
      findings.push({ path: ["routes", i, ...path, "label"], message });
    }
  }
  return findings;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
