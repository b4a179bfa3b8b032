import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { loadBenchmark } from "../../bench/benchmarks.ts";
import { type Result, readResult } from "../../bench/frame/index.ts";
import { testWith } from "../setup/programs.ts";
import { PYTHON } from "../setup/python.ts";
import { ROOT } from "../setup/tensorgate.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorgate-smoke-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Envoy is installed by the benchmark itself: where nobody has run one yet, only on machines that are there for the suite. */
const installed = existsSync(join(ROOT, ".bench/envoy/installed.txt"));
const testAgainstEnvoy =
  installed || process.env["CI"] !== undefined ? testWith("wrk", "h2load") : (test.skip as typeof test);
const INSTALL_MS = 300_000;

async function bench(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, TENSORGATE_BENCH_PYTHON: PYTHON };
  return await promisify(execFile)(process.execPath, [join(ROOT, "dist/bench/main.js"), ...args], { env });
}

async function smoke(name: string): Promise<Result> {
  await bench(name, "--smoke", `--out=${folder}`);
  const result = readResult(name, folder);
  if (result === undefined) throw new Error(`${name} wrote no result`);
  expect(existsSync(join(folder, `${name}.svg`))).toBe(true);
  expect(result.options.smoke).toBe(true);
  // A goal whose row nobody measures would stay "not measured yet" for ever.
  const goals = (await loadBenchmark(name))?.goals ?? [];
  expect(result.rows.map(({ key }) => key)).toEqual(expect.arrayContaining(goals.map(({ row }) => row)));
  return result;
}

// Only that both sides answer what they should, as often as they are asked: figures of a smoke are worth nothing.
for (const name of ["rest-small", "grpc-small"]) {
  testAgainstEnvoy(
    `${name} measures the gateway and Envoy, and every request is answered`,
    async () => {
      const { rows, requests = {} } = await smoke(name);
      expect(Object.keys(requests)).toEqual(["tensorgate", "Envoy"]);
      for (const { answered, failed } of Object.values(requests)) {
        expect(answered).toBeGreaterThan(0);
        expect(failed).toBe(0);
      }
      expect(rows.map(({ key }) => key)).toEqual(["throughput", "p50", "p99", "cpu", "worker-cpu"]);
    },
    INSTALL_MS,
  );
}

testAgainstEnvoy(
  "pool measures the gateway and Envoy over gRPC and REST, with the same workers",
  async () => {
    const { rows, requests = {} } = await smoke("pool");
    expect(Object.keys(requests)).toEqual(["tensorgate, gRPC", "Envoy, gRPC", "tensorgate, REST", "Envoy, REST"]);
    for (const { answered, failed } of Object.values(requests)) {
      expect(answered).toBeGreaterThan(0);
      expect(failed).toBe(0);
    }
    for (const { sides } of rows) expect(sides.every(({ samples }) => (samples[0] ?? 0) > 0)).toBe(true);
  },
  INSTALL_MS,
);

(testAgainstEnvoy === test ? testWith("wrk", "nginx", "haproxy") : testAgainstEnvoy)(
  "http measures the gateway, Envoy and nginx in front of one upstream, and every request is answered",
  async () => {
    const { requests = {} } = await smoke("http");
    const sides = ["tensorgate", "Envoy", "nginx"];
    expect(Object.keys(requests)).toEqual(
      ["GET", "POST"].flatMap((method) => sides.map((side) => `${side}, ${method}`)),
    );
    for (const { answered, failed } of Object.values(requests)) {
      expect(answered).toBeGreaterThan(0);
      expect(failed).toBe(0);
    }
  },
  INSTALL_MS,
);

testWith("h2load")(
  "cnn measures the gateway, merging and not, and the bare engine",
  async () => {
    const { rows, requests = {} } = await smoke("cnn");
    expect(Object.keys(requests)).toEqual(["tensorgate", "tensorgate, merging off", "bare engine"]);
    for (const { answered, failed } of Object.values(requests)) {
      expect(answered).toBeGreaterThan(0);
      expect(failed).toBe(0);
    }
    for (const { sides } of rows) expect(sides.every(({ samples }) => (samples[0] ?? 0) > 0)).toBe(true);
    expect(rows.map(({ key }) => key)).toEqual(["throughput", "cpu", "throughput-unmerged", "cpu-unmerged"]);
  },
  INSTALL_MS,
);

test("codec measures both ways of each type", async () => {
  const { rows } = await smoke("codec");
  expect(rows.map(({ key }) => key)).toEqual([
    "read-six-digits",
    "write-six-digits",
    "read-image",
    "write-image",
    "read-floats",
    "write-floats",
    "read-doubles",
    "write-doubles",
    "read-small-integers",
    "write-small-integers",
    "small",
  ]);
  for (const { sides } of rows) expect(sides.every(({ samples }) => (samples[0] ?? 0) > 0)).toBe(true);
});

test("routes measures what its goals ask for", async () => {
  const { rows } = await smoke("routes");
  expect(rows.flatMap(({ sides }) => sides.flatMap(({ samples }) => samples)).every((each) => each > 0)).toBe(true);
});

test("names the benchmarks when asked for one that isn't there", async () => {
  const failed = await bench("no-such-benchmark").catch((thrown: { code: number; stderr: string }) => thrown);
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining("rest-small") });
});
