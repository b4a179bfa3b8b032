import type { ModelConfig, TextMatch } from "../../config/index.ts";
import type { ModelName, Version } from "../../core/index.ts";
import { indexRoutes, type RouteIndex } from "./route-index.ts";
import type { Route } from "./route-table.ts";

/**
 * Finds the routes that look at a model. Each stands in one index only, those of one pattern together, so that ten thousand
 * routes cost the same with one model and with ten thousand; which patterns take a name is found out when it is first
 * asked for.
 */
export class RoutesByModel {
  readonly #byName = new Map<string, Named>();
  /** Prefixes, the shorter ones first. */
  readonly #prefixLengths: readonly number[];
  readonly #byPrefix = new Map<string, RouteIndex>();
  readonly #byRegex: { readonly takesModel: (name: string) => boolean; readonly index: RouteIndex }[] = [];
  /** Those that name no model. */
  readonly #ofAny: readonly RouteIndex[];

  constructor(routes: readonly Route[]) {
    const groups = new Map<string, [Route, ...Route[]]>();
    for (const route of routes) {
      const key = groupKey(route.match.model);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [route]);
      else group.push(route);
    }
    let ofAny: RouteIndex | undefined;
    for (const group of groups.values()) {
      const { model, takesModel } = group[0].match;
      const index = indexRoutes(group);
      if (model === undefined) ofAny = index;
      else if (model.by === "exact") this.#byName.set(model.value, { index, found: undefined });
      else if (model.by === "prefix") this.#byPrefix.set(model.value, index);
      else this.#byRegex.push({ takesModel, index });
    }
    this.#ofAny = ofAny === undefined ? [] : [ofAny];
    this.#prefixLengths = [...new Set(Array.from(this.#byPrefix.keys(), ({ length }) => length))].sort((a, b) => a - b);
  }

  /** Of any name, a model's or not. */
  find(name: string): readonly RouteIndex[] {
    const named = this.#byName.get(name);
    if (named === undefined) return this.#taking(name, []);
    named.found ??= this.#taking(name, [named.index]);
    return named.found;
  }

  #taking(name: string, found: RouteIndex[]): readonly RouteIndex[] {
    for (const length of this.#prefixLengths) {
      if (length > name.length) break;
      const index = this.#byPrefix.get(name.slice(0, length));
      if (index !== undefined) found.push(index);
    }
    for (const { takesModel, index } of this.#byRegex) if (takesModel(name)) found.push(index);
    return found.length === 0 ? this.#ofAny : found.concat(this.#ofAny);
  }
}

/** A name that routes have, with all that look at it once that was asked. */
interface Named {
  readonly index: RouteIndex;
  found: readonly RouteIndex[] | undefined;
}

/** All that a request for a configured model needs to know of the configuration. */
export class ModelFacts {
  readonly labels: ReadonlyMap<string, Version>;
  readonly #name: ModelName;
  readonly #routes: RoutesByModel;
  #found: readonly RouteIndex[] | undefined;

  constructor({ name, labels }: ModelConfig, routes: RoutesByModel) {
    this.labels = labels;
    this.#name = name;
    this.#routes = routes;
  }

  /** Those that look at the model, found once. */
  get routes(): readonly RouteIndex[] {
    this.#found ??= this.#routes.find(this.#name);
    return this.#found;
  }
}

/** Equal for what takes the same names. */
function groupKey(model: TextMatch | undefined): string {
  if (model === undefined) return "any";
  switch (model.by) {
    case "exact":
    case "prefix":
      return `${model.by} ${model.value}`;
    case "regex":
      return `regex ${model.source}`;
    case "present":
      return `present ${model.is}`;
  }
}
