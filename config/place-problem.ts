import { didYouMean } from "./nearest.ts";
import type { Config } from "./schema/config.ts";
import type { ModelConfig } from "./schema/models.ts";
import { LOCAL_POOL } from "./schema/pools.ts";

/**
 * Why no pool can serve a model that has been taken: the files that it came from go with their pools, but not models that
 * were added beside them.
 */
export function placeProblem(
  { pool, path }: Pick<ModelConfig, "pool" | "path">,
  { pools }: Pick<Config, "pools">,
): string | undefined {
  const found = pools.find(({ name }) => name === pool);
  if (pool !== undefined && found === undefined) {
    const names = [LOCAL_POOL, ...pools.map(({ name }) => name)];
    return `no pool is called "${pool}"${didYouMean(pool, names)}`;
  }
  const isOfWorkers = found === undefined || found.kind === "tensorgate";
  return path === "" && isOfWorkers ? `has no path, which pool "${pool ?? LOCAL_POOL}" needs to load it` : undefined;
}
