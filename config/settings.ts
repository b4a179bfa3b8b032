import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { modelName } from "../core/index.ts";
import { batchingNotes, batchingOf } from "./batching-parameters.ts";
import { ConfigError } from "./config-error.ts";
import { type FlagFiles, readFlagFiles } from "./flag-files.ts";
import type { Command, Draft, FlagValues } from "./flags/values.ts";
import { type KeptModels, readKeptModels } from "./kept-models.ts";
import { parseConfig } from "./load.ts";
import { parseAside } from "./parse-aside.ts";
import { ReferenceValues } from "./references.ts";
import { DEFAULT_BATCHING } from "./schema/batching.ts";
import { type Config, configSchema } from "./schema/config.ts";
import { DEFAULT_VERSIONS, type ModelConfig, OWN_DEFAULTS } from "./schema/models.ts";
import { type ConfigSource, type FileRead, readConfigSource, readConfigText } from "./source.ts";
import { parseModelConfigFile } from "./text-files.ts";
import { withWorkerSettings } from "./worker-settings.ts";

/** What a command runs with: a configuration made of files and flags, and how it was made. */
export interface Settings {
  readonly config: Config;
  /** Things about the settings that are worth a line in the log. */
  readonly notes: readonly string[];
  /** Where the models come from: a file, a flag, or the gateway that started this worker. */
  readonly modelsFrom: string;
  /** Models that were added over the admin API: a gateway serves them too. */
  readonly kept: KeptModels;
  readonly sources: Sources;
  /** The files that references of the configuration name, as they were read for it. */
  readonly secrets: readonly FileRead[];
}

/** Everything that a configuration is compiled from, as read last. */
export interface Sources {
  readonly flags: FlagValues;
  readonly configSource: ConfigSource | undefined;
  readonly modelConfigFile: SourceText | undefined;
  readonly files: FlagFiles;
}

export interface SourceText {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

/** What a gateway serves that starts with these: also the models that were added. */
export function servedConfig(settings: Settings): Config {
  const { config, kept } = settings;
  return { ...config, models: servedModels(settings, config.models, kept.models) };
}

/** These models, and those that were added but for names that these have; with what flags say of all models. */
export function servedModels(
  { sources }: Settings,
  models: readonly ModelConfig[],
  added: readonly ModelConfig[],
): readonly ModelConfig[] {
  const names = new Set(models.map(({ name }) => name));
  const others = added.filter(({ name }) => !names.has(name));
  return [...models, ...(sources.flags.batching.enabled === false ? others.map(withoutBatching) : others)];
}

/** Every default, and no models. */
export function defaultConfig(): Config {
  return configSchema.parse({});
}

/**
 * Reads the files that the flags name and lays the flags over them. `tensorgate serve` without `--config` and without a
 * flag that names models reads `config/default.yaml`. Throws {@link ConfigError} with what is wrong.
 */
export async function loadSettings(flags: FlagValues): Promise<Settings> {
  const { command, modelConfigFile, modelBasePath } = flags;
  const namesModels = modelConfigFile !== undefined || modelBasePath !== undefined;
  const configFile = flags.configFile ?? (command === "serve" && !namesModels ? defaultConfigFile() : undefined);
  return compileSettings({
    flags,
    configSource: configFile === undefined ? undefined : await readConfigSource(configFile),
    modelConfigFile: await readSource(modelConfigFile),
    files: await readFlagFiles(flags),
  });
}

/** What the state folder keeps, by the folder that the configuration names; undefined: the default. */
type ReadKept = (stateFolder: string | undefined) => KeptModels;

/**
 * The configuration that a set of sources stands for. Throws {@link ConfigError}. `references` default to the environment and
 * files of now, `readKept` to what the state folder has at this moment.
 */
export function compileSettings(
  sources: Sources,
  references: ReferenceValues = new ReferenceValues(),
  readKept: ReadKept = readKeptModels,
): Settings {
  const kept = new Kept(sources, readKept);
  const models = modelsOf(sources);
  const { configSource } = sources;
  let config: Config | undefined;
  try {
    config = configSource && parseConfig(configSource, { models, references, kept: kept.modelsIn });
  } catch (thrown) {
    throw kept.toldBy(thrown);
  }
  return completed({ sources, references, models, kept }, config);
}

/** As {@link compileSettings}, while requests are served on `before`; see {@link parseAside}. */
export async function recompileSettings(
  sources: Sources,
  references: ReferenceValues,
  before: Config,
  readKept: ReadKept = readKeptModels,
): Promise<Settings> {
  const kept = new Kept(sources, readKept);
  const models = modelsOf(sources);
  const { configSource } = sources;
  let config: Config | undefined;
  try {
    config = configSource && (await parseAside(configSource, { models, references, kept: kept.modelsIn }, before));
  } catch (thrown) {
    throw kept.toldBy(thrown);
  }
  return completed({ sources, references, models, kept }, config);
}

/** Read once, and only where somebody asks. */
class Kept {
  readonly #read: ReadKept;
  readonly defaultFolder: string | undefined;
  #found: KeptModels | undefined;

  constructor({ flags }: Sources, read: ReadKept) {
    this.#read = read;
    this.defaultFolder = defaultStateFolder(flags.configFile);
  }

  readonly modelsIn = (stateFolder: string | undefined): readonly ModelConfig[] => this.in(stateFolder).models;

  in(stateFolder: string | undefined): KeptModels {
    this.#found ??= this.#read(stateFolder ?? this.defaultFolder);
    return this.#found;
  }

  /** A model that a route names may be missing because of what is wrong with these. */
  toldBy(thrown: unknown): unknown {
    if (!(thrown instanceof ConfigError) || this.#found === undefined) return thrown;
    return new ConfigError([...thrown.problems, ...this.#found.problems]);
  }
}

interface Parts {
  readonly sources: Sources;
  readonly references: ReferenceValues;
  readonly models: readonly ModelConfig[] | undefined;
  readonly kept: Kept;
}

/** With the flags laid over the files' configuration. */
function completed({ sources, references, models, kept }: Parts, ofFiles: Config | undefined): Settings {
  const { flags, configSource, modelConfigFile, files } = sources;
  let config = ofFiles ?? { ...defaultConfig(), models: models ?? [] };
  if (flags.workerSettings !== undefined) config = withWorkerSettings(config, flags.workerSettings);

  config = withBatching(config, sources);
  const draft: Draft<Config> = { ...config, ...structuredClone({ server: config.server, workers: config.workers }) };
  for (const change of flags.changes) change(draft);
  if (files.monitoringPath !== undefined) draft.server.monitoring.path = files.monitoringPath;
  if (files.tls !== undefined) draft.server.grpc.tls = files.tls;
  if (flags.batching.perModel && flags.batching.enabled === true) draft.workers.load.batchingFiles = true;
  if (files.session !== undefined) draft.workers.session.configProto = files.session;
  const modelsFrom = modelConfigFile?.file ?? (models ? "--model_base_path" : (configSource?.path ?? "the gateway"));
  draft.state = { folder: config.state.folder ?? kept.defaultFolder };
  const { config: complete, notes } = withPorts(draft, flags.command);
  return {
    config: complete,
    notes: [...notes, ...flags.notes, ...notesOfBatching(sources)],
    modelsFrom,
    kept: kept.in(config.state.folder),
    sources,
    secrets: references.files,
  };
}

/**
 * Beside the configuration file, with a folder for each file's name: gateways with a file each may have them side by side.
 * None for what runs without a file, or on the examples, whose folder is the package's own.
 */
function defaultStateFolder(configFile: string | undefined): string | undefined {
  return configFile && join(dirname(configFile), ".tensorgate", basename(configFile));
}

/** The models that flags name; undefined when they name none. */
function modelsOf({ flags, modelConfigFile }: Sources): ModelConfig[] | undefined {
  if (modelConfigFile !== undefined) return parseModelConfigFile(modelConfigFile.text, modelConfigFile.file) ?? [];
  if (flags.modelBasePath === undefined) return undefined;
  const name = modelName(flags.modelName ?? "default");
  const path = flags.modelBasePath;
  return [{ name, path, versions: DEFAULT_VERSIONS, labels: new Map(), ...OWN_DEFAULTS }];
}

/** A worker has no REST. Like `tensorflow_model_server`, drops it when both ports are the same: gRPC goes first. */
function withPorts(config: Config, command: Command): Pick<Settings, "config" | "notes"> {
  const { rest, grpc } = config.server;
  const clash = rest.port !== undefined && rest.port !== 0 && rest.port === grpc.port;
  if (command === "serve" && !clash) return { config, notes: [] };
  const server = { ...config.server, rest: { ...rest, port: undefined } };
  const notes = command === "serve" ? [`REST is off: its port ${rest.port} is the gRPC port`] : [];
  return { config: { ...config, server }, notes };
}

/** `--enable_batching` is for every model that says nothing itself, and its file replaces their bounds; `--enable_batching=false` is for all of them. */
function withBatching(config: Config, { flags, files }: Sources): Config {
  switch (flags.batching.enabled) {
    case undefined:
      return config;
    case true: {
      const kept = config.batching === "off" ? DEFAULT_BATCHING : config.batching;
      return { ...config, batching: files.batching === undefined ? kept : batchingOf(files.batching) };
    }
    case false:
      return { ...config, batching: "off", models: config.models.map(withoutBatching) };
  }
}

function withoutBatching(model: ModelConfig): ModelConfig {
  return { ...model, batching: "off" };
}

function notesOfBatching({ flags, files }: Sources): readonly string[] {
  const notes = files.batching === undefined ? [] : batchingNotes(files.batching);
  if (!flags.batching.perModel || flags.batching.enabled === true) return notes;
  return [...notes, "--enable_per_model_batching_parameters has no effect without --enable_batching"];
}

const RESTART_PARTS = ["gateway", "server", "state", "workers"] as const;

export type RestartPart = (typeof RESTART_PARTS)[number];

/** The parts that differ and act only after a restart. */
export function restartParts(before: Config, after: Config): readonly RestartPart[] {
  const [old, next] = [heldBack(before), heldBack(after)];
  return RESTART_PARTS.filter((part) => !isDeepStrictEqual(old[part], next[part]));
}

/** Without what is swapped of them. */
function heldBack({ server, ...others }: Config): Config {
  return { ...others, server: { ...server, requireClient: false } };
}

async function readSource(file: string | undefined): Promise<SourceText | undefined> {
  return file === undefined ? undefined : { file, text: await readConfigText(file) };
}

function defaultConfigFile(): string {
  return fileURLToPath(import.meta.resolve("#asset/config/default.yaml"));
}
