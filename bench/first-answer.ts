import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Benchmark, Side } from "./frame/index.ts";

const URL_OF_MODEL = "http://127.0.0.1:8501/v1/models/half_plus_two:predict";
const BODY = '{"instances": [1.0, 2.0, 5.0]}';

/**
 * How long a newcomer waits from `npm start` to the first prediction: once with an empty cache (the library is fetched),
 * then with the cache that this left.
 */
export const benchmark: Benchmark = {
  name: "first-answer",
  title: "from `npm start` to the first prediction",
  goals: [],
  run: async () => {
    const cache = await mkdtemp(join(tmpdir(), "tensorgate-bench-"));
    try {
      const empty = await secondsToFirstAnswer(cache);
      const filled = await secondsToFirstAnswer(cache);
      return {
        rows: [
          { key: "empty-cache", label: "empty cache", unit: "s", better: "less", sides: [side(empty)] },
          { key: "with-the-cache", label: "with the cache", unit: "s", better: "less", sides: [side(filled)] },
        ],
        settings: { command: "npm start" },
      };
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  },
};

function side(seconds: number): Side {
  return { name: "tensorgate", samples: [seconds] };
}

async function secondsToFirstAnswer(cache: string): Promise<number> {
  const { TENSORGATE_TENSORFLOW: _, ...env } = process.env;
  const started = performance.now();
  const npm = spawn("npm", ["start"], {
    env: { ...env, XDG_CACHE_HOME: cache },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const said: string[] = [];
  npm.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  try {
    while (!(await answers())) {
      if (npm.exitCode !== null) throw new Error(`npm start ended with ${npm.exitCode}:\n${said.join("")}`);
      await sleep(50);
    }
    return (performance.now() - started) / 1000;
  } finally {
    await end(npm);
  }
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch(URL_OF_MODEL, { method: "POST", body: BODY })).ok;
  } catch {
    return false;
  }
}

/** The whole group: npm does not pass every signal on. */
async function end(npm: ChildProcess): Promise<void> {
  if (npm.exitCode !== null || npm.pid === undefined) return;
  const exited = once(npm, "exit");
  process.kill(-npm.pid, "SIGTERM");
  await exited;
}
