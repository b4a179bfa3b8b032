import { type Config, LOCAL_POOL, type ModelConfig, type RouteConfig, targetsOf } from "../../config/index.ts";
import { compileMatch } from "../routing/index.ts";
import type { Move } from "./moves.ts";

/** What one pool is to serve. */
export interface PoolModels {
  /** Models whose pool it is: readiness is judged by them. */
  readonly own: readonly ModelConfig[];
  /** Those, models of other pools that some route sends to it, and those that it has until another pool does. */
  readonly all: readonly ModelConfig[];
}

export const NO_MODELS: PoolModels = { own: [], all: [] };

/** Which pool serves which models, in the order of the configuration; a pool without any is missing. */
export function modelsByPool(
  { models, routes }: Pick<Config, "models" | "routes">,
  moves: readonly Pick<Move, "model" | "fromName">[] = [],
): ReadonlyMap<string, PoolModels> {
  const guests = guestsByPool(models, routes);
  const pools = new Set([
    ...models.map(({ pool = LOCAL_POOL }) => pool),
    ...guests.keys(),
    ...moves.map(({ fromName }) => fromName),
  ]);
  return new Map(
    [...pools].map((name) => {
      const isOwn = ({ pool = LOCAL_POOL }: ModelConfig): boolean => pool === name;
      const sent = guests.get(name);
      const all = models.filter((each) => isOwn(each) || sent?.has(each.name));
      const moving = moves.filter(
        ({ fromName, model }) => fromName === name && !all.some((each) => each.name === model.name),
      );
      return [name, { own: models.filter(isOwn), all: [...all, ...moving.map(({ model }) => model)] }];
    }),
  );
}

/** The names of the models that routes send to a pool which they name. */
function guestsByPool(
  models: readonly ModelConfig[],
  routes: readonly RouteConfig[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const guests = new Map<string, Set<string>>();
  for (const route of routes) {
    let takesModel: ((name: string) => boolean) | undefined;
    for (const { target } of targetsOf(route)) {
      const { pool, model } = target;
      if (pool === undefined) continue;
      const names = guests.get(pool) ?? new Set();
      guests.set(pool, names);
      if (model !== undefined) names.add(model);
      else {
        takesModel ??= compileMatch(route.match).takesModel;
        for (const { name } of models) if (takesModel(name)) names.add(name);
      }
    }
  }
  return guests;
}
