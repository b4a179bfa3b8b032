import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Config, encodeWorkerSettings, workerSettingsOf } from "../config/index.ts";
import { type Logger, writeLogLine } from "../core/index.ts";
import type { Launch } from "../gateway/index.ts";

export interface LaunchOptions {
  readonly config: Config;
  /** Where the TensorFlow library is; asked when a worker is started. */
  readonly libraryFolder: () => string;
  readonly log: Logger;
}

/**
 * How a gateway starts its workers: this program again, as `worker`, on a socket of its own. The IPC channel is how a
 * worker notices that its gateway is gone.
 */
export function launchWorkers({ config, libraryFolder, log }: LaunchOptions): Launch {
  const program = fileURLToPath(import.meta.resolve("#asset/dist/cli/main.js"));
  const settings = workerSettingsOf(config);
  return ({ index, socketPath, device }) => {
    const grpc = { ...settings.grpc, port: undefined, socketPath };
    const flag = `--worker_settings=${encodeWorkerSettings({ ...settings, grpc })}`;
    const child = spawn(process.execPath, [...process.execArgv, program, "worker", flag], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        // Slow runs, loads and file reads share libuv's pool, which is sized when a process starts.
        UV_THREADPOOL_SIZE: String(availableParallelism() + 4),
        ...process.env,
        TENSORGATE_TENSORFLOW: libraryFolder(),
        ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device }),
      },
    });
    passOnWhatItSays(child, log.child({ worker: `worker-${index}` }));
    return child;
  };
}

/** A worker's own log lines pass as they are; what TensorFlow prints beside them becomes the text of one. */
function passOnWhatItSays({ stdout, stderr }: ChildProcess, log: Logger): void {
  const eachLine = (stream: Readable | null): void => {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      if (line.startsWith('{"level":')) writeLogLine(line);
      else log[levelOf(line)]({ printed: line }, "worker says");
    });
  };
  eachLine(stdout);
  eachLine(stderr);
}

/** TensorFlow marks its lines with the first letter of their severity: `I0000 00:00:17 …` or `2026-01-02 03:04:05: I …`. */
function levelOf(line: string): "debug" | "info" | "warn" | "error" {
  const [, letter = ""] = /^(?:[\d-]+ [\d:.]+: )?([IWEF])(?:\d{4})? /.exec(line) ?? [];
  if (letter === "I" || line.startsWith("WARNING: All log messages before absl::InitializeLog")) return "debug";
  return letter === "W" ? "warn" : letter === "" ? "info" : "error";
}
