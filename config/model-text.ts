import { absolutePath } from "./base-path.ts";
import { byPlace, ConfigError, renderPath } from "./config-error.ts";
import { poolProblems } from "./cross-check-pools.ts";
import { problemsOf } from "./load.ts";
import type { Config } from "./schema/config.ts";
import { type ModelConfig, modelSchema } from "./schema/models.ts";
import { parseYaml } from "./yaml.ts";

/**
 * One entry of `models:` that stands alone, as JSON (or YAML). `from` stands for a file's name in errors; relative paths start at
 * `folder`; it has to have a place in `around`; default: any is fine. Throws {@link ConfigError} with all that is wrong.
 */
export function parseModelText(
  text: string,
  from: string,
  folder: string,
  around?: Pick<Config, "pools" | "workers">,
): ModelConfig {
  const yaml = parseYaml(text, from);
  const parsed = modelSchema.safeParse(yaml.value);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml));
  const findings = around === undefined ? [] : poolProblems({ ...written(around), models: [yaml.value] }, renderPath);
  problems.push(...findings.map(({ path, message }) => yaml.problem(path.slice(2), message)));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.sort(byPlace));
  return { ...parsed.data, path: absolutePath(parsed.data.path, folder) };
}

/** As far as a model's place depends on it; where workers are elsewhere, none are counted here. */
function written({ pools, workers }: Pick<Config, "pools" | "workers">): Readonly<Record<string, unknown>> {
  return { pools, workers: workers.endpoints.length > 0 ? {} : { count: workers.count } };
}
