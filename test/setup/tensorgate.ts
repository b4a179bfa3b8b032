import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { descendantsOf } from "./processes.ts";

export const ROOT: string = new URL("../../", import.meta.url).pathname;
export const MODELS: string = join(ROOT, "examples/models");
export const PROGRAM: string = join(ROOT, "dist/cli/main.js");

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  readonly json: any;
}

/** A running `tensorgate serve` or `tensorgate worker`, as a user would start it. */
export interface Tensorgate extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly rest: string;
  readonly grpc: string;
  /** The config file, to be edited. */
  readonly configFile: string;
  readonly log: readonly LogLine[];
  /** Resolves with the first line of the log, past or to come, that fits. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>;
  get(path: string): Promise<Reply>;
  post(path: string, body: unknown): Promise<Reply>;
  predict(model: string, body: unknown): Promise<Reply>;
  ready(): Promise<void>;
  workerPids(): number[];
  /** SIGTERM, then the exit status. */
  stop(): Promise<number | null>;
}

export interface LogLine {
  readonly msg?: string;
  readonly [key: string]: unknown;
}

/** Starts the built program with a config (any free ports, one worker unless it says otherwise) and waits until its ports are open. */
export async function startTensorgate(
  config: Record<string, unknown>,
  flags: readonly string[] = [],
): Promise<Tensorgate> {
  const folder = mkdtempSync(join(tmpdir(), "tensorgate-test-"));
  const configFile = join(folder, "tensorgate.json");
  writeFileSync(configFile, JSON.stringify(withFreePorts(config)));
  return await startProgram(["serve", `--config=${configFile}`, ...flags], configFile, folder);
}

export function withFreePorts(config: Record<string, unknown>): Record<string, unknown> {
  const server = config["server"] ?? {};
  return {
    workers: { count: 1 },
    ...config,
    server: { host: "127.0.0.1", rest: { port: 0 }, grpc: { port: 0 }, ...server },
  };
}

/** A worker by itself, with what `tensorgate worker` takes. */
export async function startWorker(
  flags: readonly string[],
): Promise<{ readonly process: ChildProcess; readonly address: string } & AsyncDisposable> {
  const { child, exited, logged } = launch(["worker", "--host=127.0.0.1", ...flags]);
  const listening = await logged((line) => line.msg === "worker is listening");
  return {
    process: child,
    address: String(listening["address"]),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  readonly log: LogLine[];
  readonly logged: (fits: (line: LogLine) => boolean) => Promise<LogLine>;
}

function launch(args: readonly string[]): Launched {
  const child = spawn(process.execPath, ["--enable-source-maps", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  createInterface({ input: child.stderr }).on("line", (text) => {
    const line = parseLogLine(text);
    log.push(line);
    for (const tell of waiting) tell(line);
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const logged = (fits: (line: LogLine) => boolean): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const past = log.find(fits);
      if (past !== undefined) return resolve(past);
      const tell = (line: LogLine): void => {
        if (!fits(line)) return;
        waiting.delete(tell);
        resolve(line);
      };
      waiting.add(tell);
      void exited.then(([code]) =>
        reject(
          new Error(
            `the program ended with ${code} before that line:\n${log.map((l) => JSON.stringify(l)).join("\n")}`,
          ),
        ),
      );
    });
  return { child, exited, log, logged };
}

export async function startProgram(args: readonly string[], configFile = "", folder?: string): Promise<Tensorgate> {
  const { child, exited, log, logged } = launch(args);
  const listening = await logged((line) => line.msg === "listening");
  const rest = `http://127.0.0.1:${String(listening["rest"])}`;
  const ask = async (path: string, init?: RequestInit): Promise<Reply> => {
    const response = await fetch(`${rest}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  };
  const post = (path: string, body: unknown): Promise<Reply> =>
    ask(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    const [code] = await exited;
    return code;
  };
  return {
    process: child,
    rest,
    grpc: `127.0.0.1:${String(listening["grpc"])}`,
    configFile,
    log,
    logged,
    get: (path) => ask(path),
    post,
    predict: (model, body) => post(`/v1/models/${model}:predict`, body),
    ready: async () => {
      for (;;) {
        const reply = await ask("/readyz");
        if (reply.status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    workerPids: () =>
      descendantsOf(child.pid as number)
        .filter(({ command }) => command.includes("worker"))
        .map(({ pid }) => pid),
    stop,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await stop();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function parseLogLine(text: string): LogLine {
  const line = parseJson(text);
  return typeof line === "object" && line !== null ? (line as LogLine) : { msg: text };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
