import { expect, test } from "vitest";
import { createMetrics, type Presence } from "../../../gateway/observe/index.ts";

const LABELS = { protocol: "rest", method: "Predict", model: "m", version: "2", signature: "s", code: "OK" } as const;

/** Everything but what is gone by now, under whichever label. */
function metricsWith(gone: Set<string>) {
  const isThere = (...values: readonly string[]): boolean => values.every((value) => !gone.has(value));
  const presence: Presence = { hasVersion: isThere, hasArm: isThere, hasHttpArm: isThere };
  return createMetrics({ workers: async () => [], ready: () => true, presence: () => presence });
}

/** Samples of a page by what they are about. */
async function about(metrics: ReturnType<typeof metricsWith>, label: string): Promise<readonly string[]> {
  const page = await metrics.page("own");
  const names = page.split("\n").flatMap((line) => (line.includes(label) ? (/^[a-z_]+/.exec(line) ?? []) : []));
  return [...new Set(names)].sort();
}

const DURATION = "tensorgate_request_duration_seconds";
const OF_REQUESTS = [`${DURATION}_bucket`, `${DURATION}_count`, `${DURATION}_sum`, "tensorgate_requests_total"];
const BATCH = "tensorgate_batch_requests";

test("a model or version that is gone is told once more, and then forgotten", async () => {
  const gone = new Set<string>();
  const metrics = metricsWith(gone);
  for (const [model, version] of [
    ["m", "1"],
    ["m", "2"],
    ["n", "1"],
    ["", ""],
  ] as const) {
    metrics.entered({ ...LABELS, model }).left();
    metrics.ended({ ...LABELS, model, version }, 0.1);
  }
  metrics.departed({ model: "n", version: "1", signature: "s" }, 2);
  await metrics.page("own");
  gone.add("2").add("n");
  const ofBatches = [`${BATCH}_bucket`, `${BATCH}_count`, `${BATCH}_sum`];
  expect(await about(metrics, 'model="n"')).toEqual(
    [...ofBatches, ...OF_REQUESTS, "tensorgate_requests_in_flight"].sort(),
  );
  expect(await about(metrics, 'model="n"')).toEqual([]);
  expect(await about(metrics, 'model="m",version="2"')).toEqual([]);
  expect(await about(metrics, 'model="m",version="1"')).toEqual(OF_REQUESTS);
  // What asked for nothing that is there stands for no model.
  expect(await about(metrics, 'model="",version=""')).toEqual(OF_REQUESTS);

  gone.clear();
  metrics.ended(LABELS, 0.1);
  expect(await metrics.page("own")).toMatch(/^tensorgate_requests_total\{.*version="2".*\} 1$/m);
});

test("a request that is under way is told until it has ended", async () => {
  const gone = new Set<string>();
  const metrics = metricsWith(gone);
  const request = metrics.entered(LABELS);
  gone.add("m");
  for (let i = 0; i < 2; i++)
    expect(await metrics.page("own")).toContain('requests_in_flight{protocol="rest",method="Predict",model="m"} 1\n');
  request.left();
  await metrics.page("own");
  expect(await about(metrics, 'model="m"')).toEqual([]);
});

test("routes, and arms of routes that stay, are forgotten too", async () => {
  const gone = new Set<string>();
  const metrics = metricsWith(gone);
  for (const [route, arm] of [
    ["left", ""],
    ["kept", "old"],
    ["kept", "new"],
  ] as const)
    metrics.routes.ended(route, arm, "OK", 1);
  gone.add("left").add("old");
  await metrics.page("own");
  expect(await about(metrics, 'route="left"')).toEqual([]);
  expect(await about(metrics, 'arm="old"')).toEqual([]);
  expect(await about(metrics, 'arm="new"')).toHaveLength(4);
  expect(metrics.routes.snapshot()).toMatchObject([{ route: "kept", arm: "new" }]);
});

test("entries of http are forgotten once their requests have ended", async () => {
  const gone = new Set<string>();
  const metrics = metricsWith(gone);
  const { http } = metrics;
  const inFlight = (busy: number): void =>
    http.set({
      entries: [{ name: "kept", inFlight: 0 }, ...(busy > 0 ? [{ name: "busy", inFlight: busy }] : [])],
      upstreams: [],
    });
  http.ended({ name: "left", arm: "" }, 200, 1);
  http.ended({ name: "kept", arm: "a" }, 200, 1);
  http.ended({ name: "busy", arm: "" }, 200, 1);
  gone.add("left").add("busy");
  inFlight(1);
  await metrics.page("own");
  const text = await metrics.page("own");
  expect(text).not.toContain('name="left"');
  expect(text).toContain('tensorgate_http_requests_total{name="kept",arm="a",code="200"} 1\n');
  expect(text).toContain('tensorgate_http_requests_in_flight{name="busy"} 1\n');
  http.ended({ name: "busy", arm: "" }, 200, 1);
  inFlight(0);
  expect(await metrics.page("own")).toContain('tensorgate_http_requests_total{name="busy",arm="",code="200"} 2\n');
  expect(await metrics.page("own")).not.toContain('name="busy"');
});
