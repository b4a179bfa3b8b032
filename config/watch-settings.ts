import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "./config-error.ts";
import { readFlagFiles } from "./flag-files.ts";
import type { KeptModels } from "./kept-models.ts";
import { lookAtSecret, ReferenceValues } from "./references.ts";
import { recompileSettings, type Settings, type Sources, type SourceText } from "./settings.ts";
import { type ConfigSource, type FileRead, lookAt, readConfigSource, readConfigText } from "./source.ts";
import { parseModelConfigFile } from "./text-files.ts";
import { createTurns, watch } from "./watch.ts";

export interface SettingsWatcher {
  readonly signal: AbortSignal;
  /** A file has changed, and this is what holds from now on; a {@link ConfigError} thrown here refuses it after all. */
  changed(settings: Settings, by: ReloadCause): void | Promise<void>;
  /** The models that were added over the admin API by now, which routes may name. Default: those that the state folder has. */
  readonly kept?: () => KeptModels;
  /** A file has changed into something wrong; what held before holds on. */
  refused(error: ConfigError, by: ReloadCause): void;
}

/** Why files were read: one has changed, or somebody wants it. */
export type ReloadCause = "file" | "signal" | "admin";

export interface SettingsWatch {
  /** Settles after the signal; rejects if the watcher fails with anything but a {@link ConfigError}. */
  readonly done: Promise<void>;
  /**
   * Reads everything again now, files of flags and the values of references too, and applies it even if nothing has
   * changed. The watcher is told as of a change of the files; two changes never overlap. Rejects as `done` does.
   */
  readonly reload: (by: Exclude<ReloadCause, "file">) => Promise<Reloaded>;
}

export type Reloaded =
  | { readonly is: "applied"; readonly settings: Settings }
  | { readonly is: "refused"; readonly error: ConfigError }
  /** The signal had come. */
  | { readonly is: "ended" };

/** A configuration as a look has found it, with the files that its references name. */
interface Look {
  readonly source: ConfigSource;
  readonly secrets: readonly FileRead[];
}

/**
 * Follows the files behind settings until the signal: the configuration and the files that its references name as soon
 * as they change, a `--model_config_file` only as often as its poll flag says (0: never).
 */
export function watchSettings(settings: Settings, watcher: SettingsWatcher): SettingsWatch {
  const { signal } = watcher;
  const turns = createTurns();
  const { configSource, modelConfigFile, flags } = settings.sources;
  /** What holds. */
  let { sources, config } = settings;
  /** What was read last, right or wrong: wrong ones are told once. */
  let known = { source: configSource, secrets: settings.secrets };
  let knownModels = modelConfigFile?.text;

  const take = async (
    read: () => Promise<Partial<Sources>>,
    references: ReferenceValues,
    by: ReloadCause,
  ): Promise<Reloaded> => {
    try {
      const next = await recompileSettings({ ...sources, ...(await read()) }, references, config, watcher.kept);
      await watcher.changed(next, by);
      ({ sources, config } = next);
      return { is: "applied", settings: next };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      watcher.refused(error, by);
      return { is: "refused", error };
    }
  };
  const takeLook = async (look: Look, others: () => Promise<Partial<Sources>>, by: ReloadCause): Promise<Reloaded> => {
    const references = new ReferenceValues(look.secrets);
    const reloaded = await take(async () => ({ configSource: look.source, ...(await others()) }), references, by);
    known = { source: look.source, secrets: references.files };
    return reloaded;
  };
  const lookAtConfig = async (path: string): Promise<Look> => ({
    source: await readConfigSource(path),
    secrets: await Promise.all(known.secrets.map(({ file }) => lookAtSecret(file))),
  });
  const modelsOf = async (read: SourceText): Promise<Partial<Sources>> => {
    knownModels = read.text;
    // Nothing changes, as in TensorFlow Serving.
    return namesNoModels(read) ? {} : { modelConfigFile: read };
  };

  const watches: Promise<void>[] = [];
  if (configSource !== undefined) {
    const { path } = configSource;
    const watched = {
      look: () => lookAtConfig(path),
      isSame: isDeepStrictEqual,
      isKnown: (look: Look) => isDeepStrictEqual(look, known),
      act: async (look: Look) => void (await takeLook(look, async () => ({}), "file")),
    };
    watches.push(watch(watched, { signal, turns }));
  }
  if (modelConfigFile !== undefined && flags.modelConfigPollMs > 0) {
    const { file } = modelConfigFile;
    const watched = {
      look: () => lookAt(file),
      isSame: isDeepStrictEqual,
      // While it is missing, or cannot be read, the last text stands.
      isKnown: (read: FileRead) => "problem" in read || read.text === knownModels || namesNoModels(read),
      act: async (read: FileRead) => {
        if ("text" in read) await take(() => modelsOf(read), new ReferenceValues(known.secrets), "file");
      },
    };
    watches.push(watch(watched, { signal, turns, intervalMs: flags.modelConfigPollMs }));
  }
  const everything = async (): Promise<Partial<Sources>> => {
    const files = await readFlagFiles(flags);
    if (modelConfigFile === undefined) return { files };
    const { file } = modelConfigFile;
    return { files, ...(await modelsOf({ file, text: await readConfigText(file) })) };
  };
  const reload: SettingsWatch["reload"] = (by) =>
    turns(async () => {
      if (signal.aborted) return { is: "ended" };
      if (configSource === undefined) return take(everything, new ReferenceValues(), by);
      return takeLook(await lookAtConfig(configSource.path), everything, by);
    });
  return { done: allOf(watches), reload };
}

async function allOf(watches: readonly Promise<void>[]): Promise<void> {
  await Promise.all(watches);
}

/** Whether a file is without any list: it is rather half-written than meant. */
function namesNoModels({ text, file }: SourceText): boolean {
  try {
    return parseModelConfigFile(text, file) === undefined;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
