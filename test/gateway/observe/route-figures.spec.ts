import { expect, test } from "vitest";
import type { StatusCode } from "../../../core/index.ts";
import { createMetrics, LATENCY_BOUNDS_SECONDS, RouteFigures } from "../../../gateway/observe/index.ts";

function bucket(le: string, labels: string): string {
  return `tensorgate_route_duration_seconds_bucket{le="${le}",${labels}}`;
}

test("stages are counted by route, arm and code, and timed by route and arm, on the page of metrics", async () => {
  const metrics = createMetrics({ workers: async () => [], ready: () => true });
  expect(await metrics.page("own")).not.toContain("tensorgate_route_");
  metrics.routes.ended("canary", "new", "OK", 0.003);
  metrics.routes.ended("canary", "new", "UNAVAILABLE", 0.001);
  metrics.routes.ended('q"', "", "OK", 99);
  const text = await metrics.page("own");
  expect(text).toContain('tensorgate_route_requests_total{route="canary",arm="new",code="OK"} 1\n');
  expect(text).toContain('tensorgate_route_requests_total{route="canary",arm="new",code="UNAVAILABLE"} 1\n');
  expect(text).toContain('tensorgate_route_requests_total{route="q\\"",arm="",code="OK"} 1\n');
  const labels = 'route="canary",arm="new"';
  expect(text).toContain(`${bucket("0.0005", labels)} 0\n`);
  expect(text).toContain(`${bucket("0.001", labels)} 1\n`);
  expect(text).toContain(`${bucket("0.005", labels)} 2\n`);
  expect(text).toContain(`${bucket("+Inf", labels)} 2\n`);
  expect(text).toContain(`${bucket("30", 'route="q\\"",arm=""')} 0\n`);
  expect(text).toContain(`tensorgate_route_duration_seconds_sum{${labels}} 0.004\n`);
  expect(text).toContain(`tensorgate_route_duration_seconds_count{${labels}} 2\n`);
});

test("what is the client's own doing is no error of an arm", () => {
  const figures = new RouteFigures();
  const ours: StatusCode[] = ["UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL"];
  const theirs: StatusCode[] = ["OK", "CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "UNAUTHENTICATED"];
  for (const code of [...ours, "UNAVAILABLE", "DATA_LOSS", ...theirs] as const) figures.ended("r", "a", code, 1);
  expect(figures.snapshot()).toMatchObject([{ route: "r", arm: "a", requests: 13, errors: 7, refusals: 4 }]);
});

test("latencies are told apart by a fifth, from a tenth of a millisecond to a minute", () => {
  expect(LATENCY_BOUNDS_SECONDS[0]).toBe(0.0001);
  expect(LATENCY_BOUNDS_SECONDS.at(-1)).toBeGreaterThanOrEqual(60);
  const figures = new RouteFigures();
  const bounds = [0, 10, LATENCY_BOUNDS_SECONDS.length - 1].map((i) => LATENCY_BOUNDS_SECONDS[i] as number);
  for (const bound of bounds) for (const seconds of [bound, bound * 1.1]) figures.ended("r", "a", "OK", seconds);
  const latencyBuckets = figures.snapshot()[0]?.latencyBuckets ?? [];
  const counted = latencyBuckets.flatMap((count, i) => (count === 0 ? [] : [[i, count]]));
  const last = LATENCY_BOUNDS_SECONDS.length;
  expect(counted).toEqual([
    [0, 1],
    [1, 1],
    [10, 1],
    [11, 1],
    [last - 1, 1],
    [last, 1],
  ]);
});

test("a snapshot stays as it was when more is counted", () => {
  const figures = new RouteFigures();
  figures.ended("r", "a", "OK", 0.00005);
  const [before] = figures.snapshot();
  figures.ended("r", "a", "OK", 0.00005);
  expect(before).toMatchObject({ requests: 1 });
  expect(before?.latencyBuckets[0]).toBe(1);
  expect(figures.snapshot()[0]).toMatchObject({ requests: 2, errors: 0 });
});
