import { expect, test } from "vitest";
import { createMetrics, type WorkerFigures } from "../../../gateway/observe/index.ts";

const WORKER: WorkerFigures = {
  name: "worker-0",
  ready: true,
  restarts: 2,
  inFlight: 3,
  breaker: "halfOpen",
  residentBytes: 1e8,
  modelBytes: 5e6,
};

const LABELS = { protocol: "rest", method: "Predict", model: "m", version: "2", signature: "s", code: "OK" } as const;

async function textOf(workers: readonly WorkerFigures[]): Promise<string> {
  const metrics = createMetrics({ workers: async () => workers, ready: () => true });
  metrics.entered(LABELS);
  metrics.ended(LABELS, 0.003);
  return await metrics.page("own");
}

test("a request is counted under all its labels, and timed", async () => {
  const text = await textOf([]);
  const labels = 'protocol="rest",method="Predict",model="m",version="2",signature="s",code="OK"';
  expect(text).toContain(`tensorgate_requests_total{${labels}} 1\n`);
  expect(text).toContain(`tensorgate_request_duration_seconds_sum{${labels}} 0.003\n`);
  expect(text).toContain(`tensorgate_request_duration_seconds_bucket{le="0.0025",${labels}} 0\n`);
  expect(text).toContain(`tensorgate_request_duration_seconds_bucket{le="0.005",${labels}} 1\n`);
  expect(text).toContain('tensorgate_requests_in_flight{protocol="rest",method="Predict",model="m"} 1\n');
  expect(text).toContain("tensorgate_ready 1\n");
});

test("a time is counted from its bucket on, a bucket's limit within it", async () => {
  const metrics = createMetrics({ workers: async () => [], ready: () => true });
  for (const seconds of [0.0005, 0.02, 99]) metrics.ended(LABELS, seconds);
  const text = await metrics.page("own");
  const rows = [...text.matchAll(/^tensorgate_request_duration_seconds_bucket\{le="([^"]+)".*\} (\d+)$/gm)];
  expect(rows.map(([, limit, count]) => `${limit}:${count}`).join(" ")).toBe(
    "0.0005:1 0.001:1 0.0025:1 0.005:1 0.01:1 0.025:2 0.05:2 0.1:2 0.25:2 0.5:2 1:2 2.5:2 5:2 10:2 30:2 +Inf:3",
  );
  expect(text).toMatch(/^tensorgate_request_duration_seconds_count\{.*\} 3$/m);
});

test("what would end a label's value is escaped", async () => {
  const metrics = createMetrics({ workers: async () => [], ready: () => true });
  metrics.ended({ ...LABELS, signature: 'a"\\\nb' }, 1);
  metrics.entered({ ...LABELS, model: 'a"' });
  const text = await metrics.page("own");
  expect(text).toContain('signature="a\\"\\\\\\nb",code="OK"} 1\n');
  expect(text).toContain('model="a\\""} 1\n');
});

test("workers are told as they are at the scrape", async () => {
  const text = await textOf([
    WORKER,
    { ...WORKER, name: "worker-1", ready: false, breaker: undefined, residentBytes: undefined },
  ]);
  const lines = text.split("\n").filter((line) => line.startsWith("tensorgate_worker_"));
  expect(lines.sort()).toEqual([
    'tensorgate_worker_breaker_state{worker="worker-0",state="closed"} 0',
    'tensorgate_worker_breaker_state{worker="worker-0",state="half_open"} 1',
    'tensorgate_worker_breaker_state{worker="worker-0",state="open"} 0',
    'tensorgate_worker_model_memory_bytes{worker="worker-0"} 5000000',
    'tensorgate_worker_model_memory_bytes{worker="worker-1"} 5000000',
    'tensorgate_worker_requests_in_flight{worker="worker-0"} 3',
    'tensorgate_worker_requests_in_flight{worker="worker-1"} 3',
    'tensorgate_worker_resident_memory_bytes{worker="worker-0"} 100000000',
    'tensorgate_worker_restarts_total{worker="worker-0"} 2',
    'tensorgate_worker_restarts_total{worker="worker-1"} 2',
    'tensorgate_worker_up{worker="worker-0"} 1',
    'tensorgate_worker_up{worker="worker-1"} 0',
  ]);
});

test("a worker that is gone leaves nothing behind, and nothing is counted twice", async () => {
  let workers: readonly WorkerFigures[] = [WORKER];
  const metrics = createMetrics({ workers: async () => workers, ready: () => true });
  await metrics.page("own");
  expect(await metrics.page("own")).toContain('tensorgate_worker_restarts_total{worker="worker-0"} 2\n');
  workers = [];
  expect(await metrics.page("own")).not.toContain("{worker=");
});

test("two gateways in one process count apart", async () => {
  await textOf([]);
  expect(await textOf([])).toMatch(/^tensorgate_requests_total\{.*\} 1$/m);
});

/** The rules of `promtool check metrics` (prometheus/client_golang `prometheus/testutil/promlint`). */
test("every name and help text is as Prometheus wants it", async () => {
  const text = await textOf([WORKER]);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  expect(types.length).toBeGreaterThan(20);
  for (const [, name = "", type] of types) {
    expect(text, name).toMatch(new RegExp(`^# HELP ${name} \\S`, "m"));
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith("_total"), `${name} is a ${type}`).toBe(type === "counter");
    expect(name).not.toMatch(
      /_(gauge|counter|histogram|summary|bucket|count|sum|milliseconds|ms|minutes|kb|mb|kilobytes)(_|$)/,
    );
  }
});
