import { exactText, type Finding, listOf, type NameOf, namedTwice, targetsOf } from "./cross-check.ts";
import { didYouMean } from "./nearest.ts";
import type { ModelConfig } from "./schema/models.ts";
import { LOCAL_POOL } from "./schema/pools.ts";
import { isMapping } from "./schema/scalar.ts";

type Raw = Readonly<Record<string, unknown>>;

/**
 * Rules that tie pools to models and routes, on what was written: names that stand twice or that nothing has, workers that
 * two pools would tell different models, and models without a path where one is needed. `kept` are models that routes may
 * name beside these; what ails them themselves is not looked for.
 */
export function poolProblems(config: Raw, nameOf: NameOf, kept: readonly ModelConfig[] = []): Finding[] {
  const findings = [...namedTwice("pools", config["pools"], nameOf), ...sharedWorkers(config, nameOf)];
  const kinds = new Map<string, unknown>([[LOCAL_POOL, "tensorgate"]]);
  for (const pool of listOf(config["pools"])) {
    if (isMapping(pool) && typeof pool["name"] === "string") kinds.set(pool["name"], pool["kind"] ?? "tensorgate");
  }
  const unknown = (path: Finding["path"], name: string): void => {
    findings.push({ path, message: `no pool is called "${name}"${didYouMean(name, kinds.keys())}` });
  };

  const hasWorkers = !(isMapping(config["workers"]) && config["workers"]["count"] === 0);
  if (!hasWorkers && listOf(config["pools"]).length === 0) {
    findings.push({ path: ["workers", "count"], message: "expected at least 1 where there are no pools, got 0" });
  }

  const withoutPath = new Set<string>(kept.flatMap(({ name, path }) => (path === "" ? name : [])));
  for (const [i, model] of listOf(config["models"]).entries()) {
    if (!isMapping(model)) continue;
    const { pool = LOCAL_POOL, name, path } = model;
    if (typeof pool !== "string") continue;
    const kind = kinds.get(pool);
    if (kind === undefined) unknown(["models", i, "pool"], pool);
    else if (pool === LOCAL_POOL && !hasWorkers && kinds.size > 1) {
      findings.push({ path: ["models", i], message: "names no pool, and workers.count is 0" });
    }
    if (path === undefined && kind === "tensorgate") {
      findings.push({ path: ["models", i, "path"], message: "is missing" });
    }
    if (typeof name !== "string") continue;
    if (path === undefined) withoutPath.add(name);
    else withoutPath.delete(name);
  }

  for (const [i, route] of listOf(config["routes"]).entries()) {
    if (!isMapping(route)) continue;
    for (const [path, target] of targetsOf(route)) {
      const { pool } = target;
      if (typeof pool !== "string") continue;
      const at = ["routes", i, ...path, "pool"];
      const kind = kinds.get(pool);
      if (kind === undefined) unknown(at, pool);
      const model = modelOf(route, target);
      if (kind === "tensorgate" && model !== undefined && withoutPath.has(model)) {
        findings.push({ path: at, message: `model "${model}" has no path, which pool "${pool}" needs to load it` });
      }
    }
  }
  return findings;
}

/** The model that a target runs, where the route tells it by name. */
function modelOf(route: Raw, target: Raw): string | undefined {
  const { rewrite, match } = route;
  return (
    exactText(target["model"]) ??
    (isMapping(rewrite) ? exactText(rewrite["model"]) : undefined) ??
    (isMapping(match) ? exactText(match["model"]) : undefined)
  );
}

/** Addresses of workers that stand twice: each takes its models from one pool only. */
function sharedWorkers(config: Raw, nameOf: NameOf): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, Finding["path"]>();
  const workers = isMapping(config["workers"]) ? listOf(config["workers"]["endpoints"]) : [];
  for (const address of workers) if (typeof address === "string") owners.set(address, ["workers"]);
  for (const [i, pool] of listOf(config["pools"]).entries()) {
    if (!isMapping(pool) || (pool["kind"] ?? "tensorgate") !== "tensorgate") continue;
    for (const [j, entry] of listOf(pool["endpoints"]).entries()) {
      const address = isMapping(entry) ? entry["address"] : entry;
      if (typeof address !== "string") continue;
      const owner = owners.get(address);
      if (owner === undefined) {
        owners.set(address, ["pools", i]);
        continue;
      }
      const path = ["pools", i, "endpoints", j];
      const message = `${address} is an endpoint of ${nameOf(owner, path)} already: a worker takes its models from one pool`;
      findings.push({ path, message });
    }
  }
  return findings;
}
