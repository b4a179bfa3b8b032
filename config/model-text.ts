import { absolutePath } from "./base-path.ts";
import { ConfigError } from "./config-error.ts";
import { problemsOf } from "./load.ts";
import { type ModelConfig, modelSchema } from "./schema/models.ts";
import { parseYaml } from "./yaml.ts";

/**
 * One entry of `models:` that stands alone, as JSON (or YAML). `from` stands for a file's name in errors; relative paths start at
 * `folder`. Throws {@link ConfigError} with all that is wrong.
 */
export function parseModelText(text: string, from: string, folder: string): ModelConfig {
  const yaml = parseYaml(text, from);
  const parsed = modelSchema.safeParse(yaml.value);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml)));
  return { ...parsed.data, path: absolutePath(parsed.data.path, folder) };
}
