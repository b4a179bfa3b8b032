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

/** How a message about one setting calls another one. */
export type NameOf = (path: Path, from: Path) => string;

/** Names that stand twice. */
export function modelProblems(models: unknown, nameOf: NameOf): Finding[] {
  return namedTwice("models", models, nameOf);
}

/** Items of a list that have the name of an earlier one. */
export function namedTwice(list: string, items: unknown, nameOf: NameOf): Finding[] {
  return repeated(items, "name").map(({ i, earlier, value }) => {
    const path = [list, i, "name"];
    return { path, message: `"${value}" is the name of ${nameOf([list, earlier], path)} already` };
  });
}

interface Repeated {
  readonly i: number;
  /** Where the value stood first. */
  readonly earlier: number;
  readonly value: string;
}

function repeated(items: unknown, key: string): readonly Repeated[] {
  const first = new Map<string, number>();
  return listOf(items).flatMap((item, i) => {
    const value = isMapping(item) ? item[key] : undefined;
    if (typeof value !== "string") return [];
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, i);
    return earlier === undefined ? [] : [{ i, earlier, value }];
  });
}

/** Names, tokens and certificates that stand twice, and a gate that nobody could pass. */
export function clientProblems(clients: unknown, server: unknown, nameOf: NameOf): Finding[] {
  const findings = ["name", "token", "certificate"].flatMap((key) =>
    repeated(clients, key).map(({ i, earlier }): Finding => {
      const path = ["clients", i, key];
      return { path, message: `is the ${key} of ${nameOf(["clients", earlier], path)} already` };
    }),
  );
  if (isMapping(server) && server["requireClient"] === true && listOf(clients).length === 0) {
    findings.push({ path: ["server", "requireClient"], message: "refuses everybody: clients names none" });
  }
  return findings;
}

/**
 * Names of routes that stand twice, and routes that name a model, or a label of it, that is not there; `mayAdd`: it could be
 * added over the admin API.
 */
export function routeProblems(routes: unknown, known: KnownModels, nameOf: NameOf, mayAdd: boolean): Finding[] {
  const findings = namedTwice("routes", routes, nameOf);
  const unknownModel = (path: Path, name: string): Finding => {
    const first = mayAdd ? "; one of the admin API is added before routes name it" : "";
    return { path, message: `no model is called "${name}"${didYouMean(name, known.keys())}${first}` };
  };
  for (const [i, route] of listOf(routes).entries()) {
    if (!isMapping(route)) continue;
    for (const { path, message } of targetProblems(route, known, unknownModel))
      findings.push({ path: ["routes", i, ...path], message });
  }
  return findings;
}

/** A name that a client asks for need not be a model's if each target of the route names one. */
function targetProblems(
  route: Readonly<Record<string, unknown>>,
  known: KnownModels,
  unknownModel: (path: Path, name: string) => Finding,
): Finding[] {
  const findings: Finding[] = [];
  const match = isMapping(route["match"]) ? route["match"] : {};
  const asked = exactText(match["model"]);
  const rewritten = isMapping(route["rewrite"]) ? exactText(route["rewrite"]["model"]) : undefined;
  const targets = targetsOf(route).map(([path, target]) => {
    const own = exactText(target["model"]);
    const model = own ?? rewritten ?? asked;
    return {
      path,
      label: target["label"],
      model,
      modelPath: own === undefined ? ["rewrite", "model"] : [...path, "model"],
    };
  });
  const usesAsked = targets.some(({ model }) => model === asked) || (targets.length === 0 && rewritten === undefined);
  if (asked !== undefined && !known.has(asked) && usesAsked) findings.push(unknownModel(["match", "model"], asked));
  if (targets.length === 0 && rewritten !== undefined && !known.has(rewritten)) {
    findings.push(unknownModel(["rewrite", "model"], rewritten));
  }
  const users =
    asked === undefined
      ? targets
      : [{ path: ["match"], label: match["label"], model: asked, modelPath: [] }, ...targets];
  for (const { path, label, model, modelPath } of users) {
    const labels = model === undefined ? undefined : known.get(model);
    if (labels === undefined) {
      if (model !== undefined && model !== asked) findings.push(unknownModel(modelPath, model));
    } else if (typeof label === "string" && !labels.has(label)) {
      const message = `model "${model}" has no label "${label}"${didYouMean(label, labels)}`;
      findings.push({ path: [...path, "label"], message });
    }
  }
  return findings;
}

type RawTarget = readonly [path: Path, target: Readonly<Record<string, unknown>>];

function under(value: unknown, ...path: Path): readonly RawTarget[] {
  if (!Array.isArray(value)) return isMapping(value) ? [[path, value]] : [];
  return value.flatMap((each: unknown, i) => (isMapping(each) ? [[[...path, i], each] as const] : []));
}

/** Everything that a route may send a call to. */
export function targetsOf(route: Readonly<Record<string, unknown>>): readonly RawTarget[] {
  const { fallback } = route;
  return [
    ...under(listOf(route["to"]), "to"),
    ...under(listOf(route["split"]), "split"),
    ...under(listOf(route["chain"]), "chain"),
    ...under(route["shadow"], "shadow"),
    ...(isMapping(fallback) ? under(listOf(fallback["to"]), "fallback", "to") : under(fallback, "fallback")),
  ];
}

/** Of `name` and of `{ exact: name }`. */
export function exactText(value: unknown): string | undefined {
  const text = isMapping(value) ? value["exact"] : value;
  return typeof text === "string" ? text : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
