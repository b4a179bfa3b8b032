import { resolve } from "node:path";
import type { z } from "zod";
import { type AtFilesOptions, atFiles } from "./at-files.ts";
import { byPlace, ConfigError, type Problem } from "./config-error.ts";
import {
  clientProblems,
  type Finding,
  type KnownModels,
  modelProblems,
  modelsNamed,
  namesOf,
  routeProblems,
} from "./cross-check.ts";
import { httpProblems } from "./cross-check-http.ts";
import { poolProblems } from "./cross-check-pools.ts";
import { type JoinedFiles, joinFiles } from "./join-files.ts";
import { ReferenceValues } from "./references.ts";
import { type Config, configSchema } from "./schema/config.ts";
import type { ModelConfig } from "./schema/models.ts";
import { isMapping } from "./schema/scalar.ts";
import { type ConfigSource, configText, type FileRead } from "./source.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

export interface ParseOptions extends AtFilesOptions {
  /** Models that are served beside these, by the state folder that is written (absolute): routes may name them. Default: none. */
  readonly kept?: ((stateFolder: string | undefined) => readonly ModelConfig[]) | undefined;
}

/** As {@link parseConfig}, of one file's text; `file` names it in errors and is where relative paths start. */
export function parseConfigText(text: string, file: string, options: ParseOptions = {}): Config {
  return parseConfig(configText(text, file), options);
}

/**
 * The configuration that one or more files say together. Throws {@link ConfigError} with everything that is wrong, in the
 * order of the files: faults of their syntax and references first, as the rest can only be judged without them.
 */
export function parseConfig(source: ConfigSource, options: ParseOptions = {}): Config {
  const { references = new ReferenceValues() } = options;
  const files = joinFiles(parseFiles(source, references), source);
  const raw = files.value;
  const parsed = configSchema.safeParse(raw);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, files));

  const add = ({ path, message }: Finding): unknown => problems.push(files.problem(path, message));
  modelProblems(raw["models"], files.nameOf).forEach(add);
  clientProblems(raw["clients"], raw["server"], files.nameOf).forEach(add);
  const kept = options.kept?.(writtenStateFolder(files)) ?? [];
  const own: KnownModels | undefined = options.models ? modelsNamed(options.models) : namesOf(raw["models"]);
  if (own !== undefined) {
    const known = new Map([...modelsNamed(kept), ...own]);
    routeProblems(raw["routes"], known, files.nameOf, hasAdminApi(raw)).forEach(add);
  }
  poolProblems(raw, files.nameOf, kept).forEach(add);
  httpProblems(raw["http"], files.nameOf).forEach(add);
  if (options.models === undefined && raw["models"] === undefined) {
    add({ path: ["models"], message: "is missing: name the models to serve" });
  }
  problems.push(...files.clashes);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.toSorted(byPlace));
  return atFiles(parsed.data, files, { ...options, references });
}

/** As the schema would have it, also where it refuses something else. */
function writtenStateFolder(files: JoinedFiles): string | undefined {
  const state = files.value["state"];
  const folder = isMapping(state) ? state["folder"] : undefined;
  return typeof folder === "string" && folder !== "" ? resolve(files.folderOf(["state", "folder"]), folder) : undefined;
}

function hasAdminApi({ admin }: JoinedFiles["value"]): boolean {
  return isMapping(admin) && admin["enabled"] === true;
}

/** What the files say, and where; of files that have been taken before, with what their references found then. */
export function writtenIn(source: ConfigSource, secrets: readonly FileRead[]): JoinedFiles {
  return joinFiles(parseFiles(source, new ReferenceValues(secrets)), source);
}

/** Throws {@link ConfigError} with the faults of all files that cannot be read. */
function parseFiles({ path, files }: ConfigSource, values: ReferenceValues): YamlFile[] {
  const faults: Problem[] = [];
  const parsed: YamlFile[] = [];
  for (const read of files) {
    if ("problem" in read) {
      faults.push({ file: read.file, path: "", message: read.problem });
      continue;
    }
    try {
      parsed.push(parseYaml(read.text, read.file, values));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.problems);
    }
  }
  if (files.length === 0) {
    faults.push({ file: path, path: "", message: "the folder holds no *.yaml, *.yml or *.json file" });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return parsed;
}

/** Each key that is not known is a problem of its own. */
export function problemsOf(issue: z.core.$ZodIssue, files: Pick<JoinedFiles, "problem">): Problem[] {
  const { keys } = issue as { readonly keys?: readonly string[] };
  if (keys === undefined) return [files.problem(issue.path, issue.message)];
  const messages = issue.message.split("\n");
  return keys.map((key, i) => files.problem([...issue.path, key], messages[i] ?? issue.message, "key"));
}
