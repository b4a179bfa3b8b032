import { expect, test } from "vitest";
import { version } from "../../../core/index.ts";
import { missing } from "../../../gateway/upstream/readiness.ts";
import { Registry } from "../../../gateway/upstream/registry.ts";
import { complete, configured, model, row } from "./reports.ts";

const loading = row(1, { state: "LOADING" });
const failedOnce = row(1, { state: "LOADING", failedLoads: 1 });
const ended = row(1, { state: "END", error: "INTERNAL", failedLoads: 6 });

for (const { name, labels = {}, versions = "latest", reports, ready = ["a", "b"], want } of [
  { name: "no worker", reports: {}, ready: [], want: ["no worker is connected"] },
  { name: "a worker that knows nothing yet", reports: {}, want: ["model m: no worker has looked at its versions yet"] },
  {
    name: "a folder that nobody has looked at",
    reports: { a: model("m", [], false) },
    want: ["model m: no worker has looked at its versions yet"],
  },
  // A broken path must not hold back the other models.
  { name: "a folder without versions", reports: { a: model("m", []) }, want: [] },
  {
    name: "a version that loads",
    reports: { a: model("m", [loading]) },
    want: ["model m: version 1 is not loaded yet"],
  },
  {
    name: "a version that loads on one worker and is available on another",
    reports: { a: model("m", [row(1)]), b: model("m", [loading]) },
    want: [],
  },
  { name: "a version whose first load has failed, tried again", reports: { a: model("m", [failedOnce]) }, want: [] },
  { name: "a version that has failed for good", reports: { a: model("m", [ended]) }, want: [] },
  {
    name: "a version that has failed on one worker and loads on the other",
    reports: { a: model("m", [ended]), b: model("m", [loading]) },
    want: ["model m: version 1 is not loaded yet"],
  },
  {
    name: "a version that is available only on a worker that is away",
    reports: { a: model("m", [row(1)]), b: model("m", [loading]) },
    ready: ["b"],
    want: ["model m: version 1 is not loaded yet"],
  },
  {
    name: "a version that is not wanted any more",
    reports: { a: model("m", [row(2), row(1, { state: "UNLOADING", wanted: false })]) },
    want: [],
  },
  { name: "a label of an available version", labels: { stable: 1 }, reports: { a: model("m", [row(1)]) }, want: [] },
  {
    name: "a label of a version that is not there",
    labels: { stable: 1, canary: 9 },
    reports: { a: model("m", [row(1)]) },
    want: ["model m: label canary names version 9, which is not available"],
  },
  {
    name: "a label of a version that has failed",
    labels: { stable: 1 },
    reports: { a: model("m", [ended]) },
    want: [],
  },
  {
    name: "a base path that cannot be read, whatever its labels",
    labels: { stable: 1 },
    reports: { a: { ...model("m", []), problem: "no such folder" } },
    want: [],
  },
  {
    name: "a specific version that is not there",
    versions: "1 and 9",
    reports: { a: model("m", [row(1)]) },
    want: ["model m: version 9 is not in its base path"],
  },
] as const) {
  test(`${name}: ${want.length === 0 ? "nothing is missing" : "is missing"}`, () => {
    const registry = new Registry<string>();
    for (const [endpoint, report] of Object.entries(reports)) registry.report(endpoint, complete(report));
    const connected: readonly string[] = ready;
    const one = configured("m", labels);
    const sentences = missing({
      models: [
        versions === "latest" ? one : { ...one, versions: { by: "specific", versions: [version(1), version(9)] } },
      ],
      readyWorkers: connected.length,
      model: (name) => registry.model(name),
      counts: (endpoint) => connected.includes(endpoint),
    });
    expect(sentences).toEqual(want);
  });
}
