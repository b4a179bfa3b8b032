import { ConfigError } from "./config-error.ts";
import { compileSettings, type Settings, type Sources, type SourceText } from "./settings.ts";
import { parseModelConfigFile } from "./text-files.ts";
import { watchFile } from "./watch.ts";

export interface SettingsWatcher {
  readonly signal: AbortSignal;
  /** A file has changed, and this is what holds from now on; a {@link ConfigError} thrown here refuses it after all. */
  changed(settings: Settings): void | Promise<void>;
  /** A file has changed into something wrong; what held before holds on. */
  refused(error: ConfigError): void;
}

/**
 * Follows the files behind settings until the signal: the configuration file as soon as it changes, a
 * `--model_config_file` only as often as its poll flag says (0: never). Settles after the signal.
 */
export async function watchSettings(settings: Settings, watcher: SettingsWatcher): Promise<void> {
  const { signal } = watcher;
  let sources = settings.sources;
  const take = async (read: () => Partial<Sources> | undefined): Promise<void> => {
    try {
      const part = read();
      if (part === undefined) return;
      const next = compileSettings({ ...sources, ...part });
      await watcher.changed(next);
      sources = next.sources;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      watcher.refused(error);
    }
  };

  const { configFile, modelConfigFile, flags } = sources;
  const watches: Promise<void>[] = [];
  if (configFile !== undefined) {
    const { file, text: known } = configFile;
    watches.push(watchFile(file, (text) => take(() => ({ configFile: { file, text } })), { signal, known }));
  }
  if (modelConfigFile !== undefined && flags.modelConfigPollMs > 0) {
    const { file, text: known } = modelConfigFile;
    const options = { signal, known, intervalMs: flags.modelConfigPollMs };
    watches.push(watchFile(file, (text) => take(() => modelsIfAny({ file, text })), options));
  }
  await Promise.all(watches);
}

/** A file without any list changes nothing, as in TensorFlow Serving: it is rather half-written than meant. */
function modelsIfAny(modelConfigFile: SourceText): Partial<Sources> | undefined {
  return parseModelConfigFile(modelConfigFile.text, modelConfigFile.file) === undefined
    ? undefined
    : { modelConfigFile };
}
