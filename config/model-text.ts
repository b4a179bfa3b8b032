import { absolutePath } from "./base-path.ts";
import { byPlace, ConfigError, renderPath } from "./config-error.ts";
import { poolProblems } from "./cross-check-pools.ts";
import { problemsOf } from "./load.ts";
import { type ModelConfig, modelSchema } from "./schema/models.ts";
import type { PoolConfig } from "./schema/pools.ts";
import { parseYaml } from "./yaml.ts";

/**
 * One entry of `models:` that stands alone, as JSON (or YAML). `from` stands for a file's name in errors; relative paths start at
 * `folder`; `pools` are those that it may name; default: any. Throws {@link ConfigError} with all that is wrong.
 */
export function parseModelText(text: string, from: string, folder: string, pools?: readonly PoolConfig[]): ModelConfig {
  const yaml = parseYaml(text, from);
  const parsed = modelSchema.safeParse(yaml.value);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml));
  const findings = pools === undefined ? [] : poolProblems({ models: [yaml.value], pools }, renderPath);
  problems.push(...findings.map(({ path, message }) => yaml.problem(path.slice(2), message)));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.sort(byPlace));
  return { ...parsed.data, path: absolutePath(parsed.data.path, folder) };
}
