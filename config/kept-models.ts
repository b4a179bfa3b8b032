import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Problem } from "./config-error.ts";
import { parseModelText } from "./model-text.ts";
import type { ModelConfig } from "./schema/models.ts";
import { isMapping } from "./schema/scalar.ts";
import { readProblem } from "./source.ts";

/** Models that were added over the admin API, as the state folder keeps them. */
export interface KeptModels {
  /** Absolute; undefined: there is none. */
  readonly file: string | undefined;
  readonly models: readonly ModelConfig[];
  /** Entries that no model can be made of. */
  readonly unusable: readonly UnusableModel[];
  /** What is wrong with the file or its entries. */
  readonly problems: readonly Problem[];
}

export interface UnusableModel {
  /** As it is kept. */
  readonly written: unknown;
  /** Undefined: it has none. */
  readonly name: string | undefined;
  readonly problems: readonly Problem[];
}

/** What the document of a state folder is called. */
export const KEPT_MODELS = "models";

/** What a gateway that starts with this state folder will find there. Never fails, and changes nothing. */
export function readKeptModels(stateFolder: string | undefined): KeptModels {
  if (stateFolder === undefined) return keptModels([], undefined);
  const file = join(stateFolder, `${KEPT_MODELS}.json`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return keptModels([], undefined);
    return wrongFile(file, readProblem(thrown));
  }
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? keptModels(value, file) : wrongFile(file, "is no list of models");
  } catch (thrown) {
    return wrongFile(file, `cannot be read: ${(thrown as Error).message}`);
  }
}

function wrongFile(file: string, message: string): KeptModels {
  return { ...keptModels([], file), problems: [{ file, path: "", message }] };
}

/** The entries of a list that was kept; `file` is for messages. Of two of one name the later one counts. */
export function keptModels(list: readonly unknown[], file: string | undefined): KeptModels {
  const models = new Map<string, ModelConfig>();
  const unusable: UnusableModel[] = [];
  for (const written of list) {
    try {
      // What is kept has absolute paths.
      const model = parseModelText(JSON.stringify(written), "", "/");
      models.set(model.name, model);
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      const name = isMapping(written) && typeof written["name"] === "string" ? written["name"] : undefined;
      const place = name === undefined ? "a model without a name" : `model "${name}"`;
      const problems = thrown.problems.map(({ path, message }) => ({
        file,
        path: [place, path].filter((text) => text !== "").join(" "),
        message,
      }));
      unusable.push({ written, name, problems });
    }
  }
  return { file, models: [...models.values()], unusable, problems: unusable.flatMap(({ problems }) => problems) };
}
