import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("fake-worker.mjs", import.meta.url));

export type Mode = "" | "deaf" | "mute";

/** Starts `fake-worker.mjs`; it ends when this process does. */
export function forkFakeWorker(socketPath: string, mode: Mode = ""): ChildProcess {
  return fork(SCRIPT, [socketPath, mode], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** A folder for sockets, removed when disposed. */
export function socketFolder(): { readonly path: (name: string) => string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "tg-test-"));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A worker process that listens; killed when disposed. */
export async function startFakeWorker(socketPath: string): Promise<{ readonly child: ChildProcess } & AsyncDisposable> {
  const child = forkFakeWorker(socketPath);
  await once(child, "message");
  return {
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
