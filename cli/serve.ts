import { once } from "node:events";
import { flagHelp, loadSettings, parseFlags, restartParts, type Settings, watchSettings } from "../config/index.ts";
import { createLogger, type Logger } from "../core/index.ts";
import { type Gateway, startGateway } from "../gateway/index.ts";
import { ensureRuntime } from "../worker/runtime/index.ts";
import { launchWorkers } from "./launch-workers.ts";
import { packageVersion } from "./package-version.ts";

/** `tensorgate serve`: a gateway with its local workers, until SIGTERM or Ctrl-C. Its exit status. */
export async function serve(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, "serve");
  if (flags.help || flags.version) {
    process.stdout.write(flags.help ? flagHelp("serve") : `${packageVersion()}\n`);
    return 0;
  }
  const settings = await loadSettings(flags);
  const { config, notes, modelsFrom } = settings;
  const log = createLogger("gateway", config.server.logLevel);
  for (const note of notes) log.warn(note);

  const signalled = untilSignal();
  const ended = new AbortController();
  let libraryFolder = "";
  const prepare = async (): Promise<void> => {
    if (config.workers.count === 0) return;
    libraryFolder = (await ensureRuntime({ gpu: config.workers.gpu, signal: ended.signal })).folder;
  };
  const prepared = prepare();
  const launch = launchWorkers({ config, libraryFolder: () => libraryFolder, log });
  const gateway = await startGateway({ config, log, launch, prepared });
  const { restPort: rest, grpcPort: grpc } = gateway;
  const url = rest === undefined ? undefined : `http://${reachableHost(config.server.host)}:${rest}/v1/models`;
  log.info({ rest, grpc, models: config.models.length, modelsFrom, url }, "listening");
  void followSettings(settings, gateway, log, ended.signal);

  const failure = await Promise.race([signalled, failureOf(prepared)]);
  ended.abort();
  if (failure === undefined) log.info("shutting down");
  else log.fatal(failure.message);
  await gateway.shutDown(config.server.drainTimeoutMs);
  return failure === undefined ? 0 : 1;
}

/** Where a person on this machine reaches what listens on `host`. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

/** Undefined once SIGTERM or SIGINT has come; a second one then ends the process at once, as is its default. */
async function untilSignal(): Promise<undefined> {
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
}

/** Resolves only if the promise fails. */
function failureOf(promise: Promise<unknown>): Promise<Error> {
  return new Promise((resolve) => {
    promise.catch((thrown: unknown) => resolve(thrown instanceof Error ? thrown : new Error(String(thrown))));
  });
}

async function followSettings(settings: Settings, gateway: Gateway, log: Logger, signal: AbortSignal): Promise<void> {
  let before = settings.config;
  await watchSettings(settings, {
    signal,
    changed({ config, modelsFrom }) {
      const held = restartParts(before, config);
      before = config;
      gateway.apply(config);
      log.info({ models: config.models.length, routes: config.routes.length, modelsFrom }, "config applied");
      if (held.length > 0) log.warn(`changes of ${held.join(" and ")} act after a restart`);
    },
    refused: ({ message }) => log.error(`config refused, the last good one stays:\n${message}`),
  });
}
