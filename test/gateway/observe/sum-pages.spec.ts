import { expect, test } from "vitest";
import { sumOfPages } from "../../../gateway/observe/sum-pages.ts";

test("a page alone stays as it is", () => {
  expect(sumOfPages(["# TYPE a counter\na 1\n\n"])).toBe("# TYPE a counter\na 1\n\n");
});

test("samples of the same labels are added, and each keeps its metric", () => {
  const one =
    '# HELP a A.\n# TYPE a counter\na{m="x y"} 1\n# TYPE b histogram\nb_bucket{le="+Inf"} 2\nb_sum 0.5\nb_count 2\n';
  const other =
    '# HELP a A.\n# TYPE a counter\na{m="x y"} 2\na{m="z"} 3\n# TYPE b histogram\nb_bucket{le="+Inf"} 1\nb_sum 1\nb_count 1\n';
  expect(sumOfPages([one, other])).toBe(
    '# HELP a A.\n# TYPE a counter\na{m="x y"} 3\na{m="z"} 3\n# TYPE b histogram\nb_bucket{le="+Inf"} 3\nb_sum 1.5\nb_count 3\n',
  );
});

for (const { name, values, want } of [
  { name: "tensorgate_worker_restarts_total", values: [2, 1], want: 2 },
  { name: "tensorgate_worker_requests_in_flight", values: [2, 1], want: 3 },
  { name: "tensorgate_ready", values: [1, 0], want: 0 },
  { name: "process_start_time_seconds", values: [20, 10], want: 10 },
  { name: "nodejs_eventloop_lag_p99_seconds", values: [0.1, 0.3], want: 0.3 },
  { name: ":tensorflow:cc:saved_model:load_attempt_count", values: [4, 4], want: 4 },
  { name: ":tensorflow:serving:request_count", values: [4, 4], want: 8 },
]) {
  test(`${name}: ${values.join(" and ")} are ${want}`, () => {
    const pages = values.map((value) => `# TYPE ${name} gauge\n${name}{a="b"} ${value}\n`);
    expect(sumOfPages(pages)).toBe(`# TYPE ${name} gauge\n${name}{a="b"} ${want}\n`);
  });
}
