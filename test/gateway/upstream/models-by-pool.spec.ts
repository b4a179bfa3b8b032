import { expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { modelsByPool } from "../../../gateway/upstream/models-by-pool.ts";

const HEAD = `
pools: [{ name: far, endpoints: ["a:1"] }, { name: near, endpoints: ["b:1"] }]
models: [{ name: m, path: /m }, { name: n, path: /n, pool: far }, { name: mini, path: /mini }]
`;

function names(models: readonly { readonly name: string }[]): string {
  return models.map(({ name }) => name).join(" ");
}

/** `own names | all names` by pool. */
function pools(routes: string): Readonly<Record<string, string>> {
  const config = parseConfigText(`${HEAD}${routes}`, "pools.yaml");
  return Object.fromEntries(
    [...modelsByPool(config)].map(([pool, { own, all }]) => [pool, `${names(own)} | ${names(all)}`]),
  );
}

for (const { name, routes, want } of [
  { name: "without routes has its own models", routes: "", want: { local: "m mini | m mini", far: "n | n" } },
  {
    name: "has the model that a target names, beside its own",
    routes: "routes: [{ match: { model: x }, to: [{ model: m, pool: far }] }]",
    want: { local: "m mini | m mini", far: "n | m n" },
  },
  {
    name: "has the model that the request names",
    routes: "routes: [{ match: { model: m }, split: [{ pool: near, weight: 1 }, { pool: local, weight: 1 }] }]",
    want: { local: "m mini | m mini", far: "n | n", near: " | m" },
  },
  {
    name: "has all models that requests may name",
    routes: "routes: [{ match: { model: { prefix: m } }, to: [{ pool: near }] }]",
    want: { local: "m mini | m mini", far: "n | n", near: " | m mini" },
  },
  {
    name: "has every model where the route is for any",
    routes: "routes: [{ to: [{ pool: near }] }]",
    want: { local: "m mini | m mini", far: "n | n", near: " | m n mini" },
  },
  {
    name: "has models of shadows, fallbacks and chains, the local one too",
    routes: `routes:
  - { match: { model: m }, to: [{ version: 1 }], shadow: { pool: near }, fallback: [{ pool: far }] }
  - { match: { model: x }, chain: [{ model: n, pool: local }, { model: mini }] }`,
    want: { local: "m mini | m n mini", far: "n | m n", near: " | m" },
  },
]) {
  test(`a pool ${name}`, () => expect(pools(routes)).toEqual(want));
}
