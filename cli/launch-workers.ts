import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Config, encodeWorkerSettings, workerSettingsOf } from "../config/index.ts";
import type { Launch } from "../gateway/index.ts";

/**
 * How a gateway starts its workers: this program again, as `worker`, on a socket of its own. The IPC channel is how a
 * worker notices that its gateway is gone; whatever the library prints goes to stderr. `libraryFolder` is asked when a
 * worker is started.
 */
export function launchWorkers(config: Config, libraryFolder: () => string): Launch {
  const program = fileURLToPath(import.meta.resolve("#asset/dist/cli/main.js"));
  const settings = workerSettingsOf(config);
  return ({ socketPath, device }) => {
    const grpc = { ...settings.grpc, port: undefined, socketPath };
    const flag = `--worker_settings=${encodeWorkerSettings({ ...settings, grpc })}`;
    return spawn(process.execPath, [...process.execArgv, program, "worker", flag], {
      stdio: ["ignore", process.stderr.fd, process.stderr.fd, "ipc"],
      env: {
        // Slow runs, loads and file reads share libuv's pool, which is sized when a process starts.
        UV_THREADPOOL_SIZE: String(availableParallelism() + 4),
        ...process.env,
        TENSORGATE_TENSORFLOW: libraryFolder(),
        ...(device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device }),
      },
    });
  };
}
