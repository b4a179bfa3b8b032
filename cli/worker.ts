import { flagHelp, loadSettings, parseFlags, type Settings, watchSettings, workerSettingsOf } from "../config/index.ts";
import { createLogger, type Logger } from "../core/index.ts";
import { workerMain } from "../worker/index.ts";
import { packageVersion } from "./package-version.ts";

/** `tensorgate worker`: one worker as the whole of this process, by hand or as a gateway starts it. Its exit status. */
export async function worker(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, "worker");
  if (flags.help || flags.version) {
    process.stdout.write(flags.help ? flagHelp("worker") : `${packageVersion()}\n`);
    return 0;
  }
  const settings = await loadSettings(flags);
  const { config, notes } = settings;
  const log = createLogger("worker", config.server.logLevel);
  for (const note of notes) log.warn(note);
  return await workerMain({
    settings: workerSettingsOf(config),
    models: config.models,
    drainTimeoutMs: config.server.drainTimeoutMs,
    watchModels: (apply) => followModels(settings, apply, log),
  });
}

function followModels(
  settings: Settings,
  apply: (models: Settings["config"]["models"]) => void,
  log: Logger,
): Disposable {
  const ended = new AbortController();
  void watchSettings(settings, {
    signal: ended.signal,
    changed: ({ config }) => apply(config.models),
    refused: (error) => log.error(`config refused, the last good one stays: ${error.message}`),
  }).done;
  return { [Symbol.dispose]: () => ended.abort() };
}
