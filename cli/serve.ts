import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { flagHelp, loadSettings, parseFlags } from "../config/index.ts";
import { createBusyLogger } from "../core/index.ts";
import { createStateFolder, Keeper, memberMain, ownPlaces, startGateway, startProcesses } from "../gateway/index.ts";
import { ensureRuntime } from "../worker/runtime/index.ts";
import { onHangUp } from "./hang-up.ts";
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
  const { notes, modelsFrom } = settings;
  const log = createBusyLogger("gateway", settings.config.server.logLevel);
  for (const note of notes) log.warn(note);
  const state = createStateFolder(settings.config.state.folder, log);
  const control = new Keeper({ settings, state, log });
  const { config } = control;
  const signalled = untilSignal();
  const ended = new AbortController();
  const orLog = (thrown: unknown): void => log.error({ err: thrown }, "the config cannot be read again");
  control.follow(ended.signal).catch(orLog);
  onHangUp(() => void control.reload("signal").catch(orLog));

  let libraryFolder = "";
  const prepare = async (): Promise<void> => {
    if (config.workers.count === 0) return;
    libraryFolder = (await ensureRuntime({ gpu: config.workers.gpu, signal: ended.signal })).folder;
  };
  const prepared = prepare();
  const launch = launchWorkers({ config, libraryFolder: () => libraryFolder, log });
  const parts = { config, control, log, places: ownPlaces(config.workers, launch, log), prepared };
  const { processes: count } = config.gateway;
  const gateway = count === 1 ? await startGateway(parts) : await startProcesses({ ...parts, count, program: MEMBER });
  const { restPort: rest, grpcPort: grpc } = gateway;
  const url = rest === undefined ? undefined : `http://${reachableHost(config.server.host)}:${rest}/v1/models`;
  log.info({ version: packageVersion(), rest, grpc, models: config.models.length, modelsFrom, url }, "listening");
  await control.drive(gateway, config);

  const why = await Promise.race([signalled, failureOf(prepared)]);
  const endedMs = performance.now();
  ended.abort();
  if (why instanceof Error) log.fatal(why.message);
  else log.info({ signal: why }, "shutting down");
  // Before requests fail for want of workers.
  control.close();
  await gateway.shutDown(config.server.drainTimeoutMs);
  log.info({ tookMs: Math.round(performance.now() - endedMs) }, "shut down");
  return finish(why instanceof Error ? 1 : 0);
}

/** One of the processes of `gateway.processes`, which the one that was started by hand starts. Its exit status. */
export async function member(): Promise<number> {
  return finish(await memberMain());
}

const MEMBER = { script: fileURLToPath(import.meta.resolve("#asset/dist/cli/main.js")), args: ["gateway-process"] };

/** Where a person on this machine reaches what listens on `host`. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Ctrl-C under npm comes twice, from the terminal and from npm. */
const ECHO_MS = 500;

type Signal = (typeof SIGNALS)[number];

/** Resolves once SIGTERM or SIGINT has come; another one, a moment later, then ends the process at once. */
async function untilSignal(): Promise<Signal> {
  const ended = new AbortController();
  const { signal } = ended;
  const come = SIGNALS.map(async (name): Promise<Signal> => {
    await once(process, name, { signal });
    return name;
  });
  const first = await Promise.race(come);
  const sinceMs = performance.now();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (performance.now() - sinceMs > ECHO_MS) process.exit(1);
    });
  }
  ended.abort();
  return first;
}

/** Everything is closed, but the socket of a client that has vanished would keep the process until TCP gives it up. */
function finish(code: number): number {
  setTimeout(() => process.exit(code), GRACE_MS).unref();
  return code;
}

const GRACE_MS = 100;

/** Resolves only if the promise fails. */
function failureOf(promise: Promise<unknown>): Promise<Error> {
  return new Promise((resolve) => {
    promise.catch((thrown: unknown) => resolve(thrown instanceof Error ? thrown : new Error(String(thrown))));
  });
}
