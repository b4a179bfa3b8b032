import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { absolutePath } from "./base-path.ts";
import { ConfigError, type Problem } from "./config-error.ts";
import { clientProblems, type KnownModels, modelProblems, modelsNamed, namesOf, routeProblems } from "./cross-check.ts";
import { type Config, configSchema } from "./schema/config.ts";
import type { ModelConfig } from "./schema/models.ts";
import { isMapping } from "./schema/scalar.ts";
import type { TlsConfig } from "./schema/server.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

/** A configuration and the file that it came from. */
export interface LoadedConfig {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly config: Config;
}

export interface ParseOptions {
  /** Models from elsewhere, that stand instead of the file's own: routes are checked against them. */
  readonly models?: readonly ModelConfig[] | undefined;
}

/** Reads and checks a YAML or JSON file. Throws {@link ConfigError} with all that is wrong, the file's absence included. */
export async function loadConfigFile(path: string, options: ParseOptions = {}): Promise<LoadedConfig> {
  const file = resolve(path);
  const text = await readConfigText(file);
  return { file, text, config: parseConfigText(text, file, options) };
}

/** The text of a file that somebody has named in a flag; {@link ConfigError} when it cannot be read. */
export async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const message = code === "ENOENT" ? "no such file" : `cannot be read: ${(cause as Error).message}`;
    throw new ConfigError([{ file, path: "", message }], { cause });
  }
}

/**
 * The configuration that `text` holds; `file` names it in errors and is where relative paths start. Throws
 * {@link ConfigError} with everything that is wrong, in the order of the file.
 */
export function parseConfigText(text: string, file: string, options: ParseOptions = {}): Config {
  const yaml = parseYaml(text, file);
  const raw = withoutEmptySections(yaml.value);
  const parsed = configSchema.safeParse(raw);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml));

  problems.push(...modelProblems(raw["models"]).map(({ path, message }) => yaml.problem(path, message)));
  const clientFindings = clientProblems(raw["clients"], raw["server"]);
  problems.push(...clientFindings.map(({ path, message }) => yaml.problem(path, message)));
  const known: KnownModels | undefined = options.models ? modelsNamed(options.models) : namesOf(raw["models"]);
  if (known !== undefined) {
    problems.push(...routeProblems(raw["routes"], known).map(({ path, message }) => yaml.problem(path, message)));
  }
  if (options.models === undefined && raw["models"] === undefined) {
    problems.push(yaml.problem(["models"], "is missing: name the models to serve"));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.sort(byPlace));
  const config = withPlaces(atFile(parsed.data, file, options), yaml);
  const { tls } = config.server.grpc;
  if (tls === undefined) return config;
  const grpc = { ...config.server.grpc, tls: withPemText(tls, file, yaml) };
  return { ...config, server: { ...config.server, grpc } };
}

/** With the routes' places in the file, and names for those that have none. */
function withPlaces(config: Config, yaml: YamlFile): Config {
  const routes = config.routes.map((route, i) => {
    const { file, line, column } = yaml.problem(["routes", i], "");
    return { ...route, name: route.name || `routes[${i}]`, place: `${file}:${line}:${column}` };
  });
  return { ...config, routes };
}

/** With the text of its files in place of their paths. */
function withPemText(tls: TlsConfig, file: string, yaml: YamlFile): TlsConfig {
  const problems: Problem[] = [];
  const read = (field: "key" | "cert" | "ca", path: string): string => {
    try {
      return readFileSync(resolve(dirname(file), path), "utf8");
    } catch (thrown) {
      problems.push(yaml.problem(["server", "grpc", "tls", field], `cannot be read: ${(thrown as Error).message}`));
      return "";
    }
  };
  const { key, cert, ca } = tls;
  const text = {
    ...tls,
    key: read("key", key),
    cert: read("cert", cert),
    ca: ca === undefined ? ca : read("ca", ca),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return text;
}

/** A top-level key with nothing below it (all of it is a comment, say) counts as absent. */
function withoutEmptySections(value: unknown): Readonly<Record<string, unknown>> {
  const sections = isMapping(value) ? value : {};
  return Object.fromEntries(Object.entries(sections).filter(([, section]) => section !== null));
}

/** Each key that is not known is a problem of its own. */
export function problemsOf(issue: z.core.$ZodIssue, yaml: YamlFile): Problem[] {
  if (issue.code !== "unrecognized_keys") return [yaml.problem(issue.path, issue.message)];
  const messages = issue.message.split("\n");
  return issue.keys.map((key, i) => yaml.problem([...issue.path, key], messages[i] ?? issue.message, "key"));
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** With every relative path made absolute. */
function atFile(config: Config, file: string, { models }: ParseOptions): Config {
  const folder = dirname(resolve(file));
  const { socketPath } = config.server.grpc;
  const grpc = {
    ...config.server.grpc,
    socketPath: socketPath === undefined ? undefined : resolve(folder, socketPath),
  };
  return {
    ...config,
    server: { ...config.server, grpc },
    state: { folder: config.state.folder && resolve(folder, config.state.folder) },
    models: models ?? config.models.map((model) => ({ ...model, path: absolutePath(model.path, folder) })),
  };
}
