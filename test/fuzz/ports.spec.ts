import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";
import { attack, type Report } from "./attack.ts";

/** The same run each time, so that a failure is one to look at; other seeds and longer runs by hand. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 15);

/** With a small heap garbage goes at once, and what is kept shows: as RSS that grows, in the end as a process that dies. */
const SMALL_HEAP = "--max-semi-space-size=1 --max-old-space-size=96";
const MARGIN_BYTES = 24 * 2 ** 20;
/** Connections to workers and files that are open for a moment. */
const MARGIN_FILES = 8;

const DATA = join(ROOT, "test/data/models");
const report: Report = { outcomes: new Map(), faults: [] };
const samples = new Map<string, number[]>();
let gateway: Tensorgate;
let before: { readonly workers: readonly number[]; readonly files: number };

beforeAll(
  async () => {
    console.log(`FUZZ_SEED=${SEED} FUZZ_SECONDS=${SECONDS}`);
    process.env["NODE_OPTIONS"] = SMALL_HEAP;
    gateway = await startTensorgate({
      server: {
        host: "127.0.0.1",
        rest: { port: 0 },
        grpc: {
          port: 0,
          // Connections that broken frames have left behind are found by pings; here at once.
          channelArguments: { "grpc.keepalive_time_ms": 500, "grpc.keepalive_timeout_ms": 2_000 },
        },
      },
      models: [
        { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all", labels: { stable: 123 } },
        { name: "every_dtype", path: join(DATA, "every_dtype") },
        { name: "strings", path: join(DATA, "strings") },
      ],
    });
    await gateway.ready();
    delete process.env["NODE_OPTIONS"];
    before = { workers: gateway.workerPids(), files: openFiles() };
    const sampling = setInterval(sample, 200);
    await attack(gateway, { seed: SEED, seconds: SECONDS, report });
    clearInterval(sampling);
    console.log(Object.fromEntries([...report.outcomes].toSorted(([a], [b]) => a.localeCompare(b))));
  },
  (SECONDS + 60) * 1000,
);
afterAll(() => gateway[Symbol.asyncDispose]());

function pid(): number {
  return gateway.process.pid as number;
}

function openFiles(): number {
  return readdirSync(`/proc/${pid()}/fd`).length;
}

function sample(): void {
  for (const [name, process] of [["gateway", pid()], ...before.workers.map((worker) => ["worker", worker])] as const) {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, "utf8"))?.[1];
    samples.set(String(name), [...(samples.get(String(name)) ?? []), Number(kilobytes) * 1024]);
  }
}

test("everything is answered in time, and with no status but those of the reference", () => {
  expect(report.faults).toEqual([]);
});

test("every kind of answer was reached", () => {
  expect([...report.outcomes.keys()]).toEqual(
    expect.arrayContaining([
      "HTTP/2 connection ended",
      "REST 200",
      "REST 400",
      "REST 404",
      "REST 501",
      "gRPC INVALID_ARGUMENT",
      "gRPC NOT_FOUND",
      "gRPC OK",
      "gRPC UNIMPLEMENTED",
    ]),
  );
});

test("gateway and worker are the ones that they were, and have nothing to complain of", () => {
  expect(gateway.process.exitCode).toBe(null);
  expect(gateway.workerPids()).toEqual(before.workers);
  expect(gateway.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

for (const name of ["gateway", "worker"]) {
  test(`the memory of the ${name} is flat`, () => {
    const taken = samples.get(name) ?? [];
    const third = Math.floor(taken.length / 3);
    const warm = Math.max(...taken.slice(0, third));
    expect(Math.min(...taken.slice(-third)) - warm).toBeLessThan(MARGIN_BYTES);
  });
}

test("no connection is left behind", async () => {
  await expect.poll(openFiles).toBeLessThanOrEqual(before.files + MARGIN_FILES);
});

test("good requests have good answers", async () => {
  expect((await gateway.predict("half_plus_two", { instances: [1, 2, 5] })).json).toEqual({
    predictions: [2.5, 3, 4.5],
  });
  expect((await gateway.get("/readyz")).status).toBe(200);
});
