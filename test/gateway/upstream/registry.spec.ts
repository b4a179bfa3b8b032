import { describe, expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import { Registry } from "../../../gateway/upstream/registry.ts";
import type { VersionReport } from "../../../protos/index.ts";
import { change, complete, model, removed, row } from "./reports.ts";

const m = modelName("m");
const [v1, v2, v3] = [version(1), version(2), version(3)];

function available(registry: Registry<string>): bigint[] {
  return registry.available(m).map(({ version }) => version);
}

test("knows which endpoint has which version, and the latest of all", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1), row(2)])));
  registry.report("b", complete(model("m", [row(2), row(3, { state: "LOADING" })]), model("n", [row(7)])));
  expect(available(registry)).toEqual([2n, 1n]);
  expect(registry.latest(m)?.version).toBe(2n);
  expect(registry.endpointsOf(m, v1)).toEqual(["a"]);
  expect(registry.endpointsOf(m, v2)).toEqual(["a", "b"]);
  expect(registry.endpointsOf(m, v3)).toEqual([]);
  expect(registry.servable(m, v3)).toBeUndefined();
  expect(registry.modelNames()).toEqual(["m", "n"]);
  expect(registry.status(modelName("other"))).toBeUndefined();
});

test("a version is another servable once its signatures are others, and the same one otherwise", () => {
  const registry = new Registry<string>();
  const report = (signatures: string) => {
    registry.report("a", complete(model("m", [row(1, { signatures })])));
    return registry.servable(m, v1);
  };
  const first = report("one");
  expect(report("one")).toBe(first);
  const second = report("two");
  expect(second).not.toBe(first);
  expect(Buffer.from(second?.signatureDefMap ?? []).toString()).toBe("two");
});

test("orders versions as numbers, beyond what a double holds", () => {
  const registry = new Registry<string>();
  registry.report(
    "a",
    complete(
      model(
        "m",
        ["9", "10", "9223372036854775807"].map((text) => ({ ...row(1), version: text })),
      ),
    ),
  );
  expect(available(registry)).toEqual([9223372036854775807n, 10n, 9n]);
});

test("takes over changes, model by model", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1)]), model("n", [row(1)])));
  registry.report("a", change(model("m", [row(1, { state: "UNLOADING" }), row(2)])));
  expect(available(registry)).toEqual([2n]);
  expect(registry.modelNames()).toEqual(["m", "n"]);
  registry.report("a", change(removed("m")));
  expect(registry.modelNames()).toEqual(["n"]);
});

test("a removed model's versions are still told, at their end, until it is served again", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(2), row(1)])));
  registry.report("a", change({ ...removed("m"), versions: [row(2, { state: "END" }), row(1, { state: "END" })] }));
  const told = (): string | undefined =>
    registry
      .status(m)
      ?.map(({ version, state }) => `${version} ${state}`)
      .join();
  expect(told()).toBe("2 END,1 END");
  expect(available(registry)).toEqual([]);
  registry.report("a", change(model("m", [row(3)])));
  expect(told()).toBe("3 AVAILABLE");
});

describe("an endpoint has decided on a model", () => {
  for (const { name, versions, discovered = true, want } of [
    { name: "once a version answers", versions: [row(2, { state: "LOADING" }), row(1)], want: true },
    { name: "not while its first version loads", versions: [row(1, { state: "LOADING" })], want: false },
    { name: "once a load has failed", versions: [row(1, { state: "LOADING", failedLoads: 1 })], want: true },
    { name: "once it has found no version", versions: [], want: true },
    { name: "not before it has looked", versions: [], discovered: false, want: false },
  ]) {
    test(name, () => {
      const registry = new Registry<string>();
      registry.report("a", complete(model("m", versions, discovered)));
      expect(registry.decided("a", m)).toBe(want);
      expect(registry.decided("b", m)).toBe(false);
    });
  }
});

test("a complete report forgets what it does not name", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1)]), model("n", [row(1)])));
  registry.report("a", complete(model("n", [row(1)])));
  expect(registry.modelNames()).toEqual(["n"]);
});

test("the versions of an endpoint go with it", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1), row(2)])));
  registry.report("b", complete(model("m", [row(1)])));
  registry.remove("a");
  expect(available(registry)).toEqual([1n]);
  expect(registry.endpointsOf(m, v1)).toEqual(["b"]);
  registry.remove("b");
  expect(registry.modelNames()).toEqual([]);
});

test("a servable stays the same object until no endpoint has it", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1)])));
  const first = registry.servable(m, v1);
  registry.report("b", complete(model("m", [row(1), row(2)])));
  registry.remove("a");
  expect(registry.servable(m, v1)).toBe(first);
  registry.report("b", change(model("m", [row(1, { state: "UNLOADING" })])));
  registry.report("b", change(model("m", [row(1)])));
  expect(registry.servable(m, v1)).not.toBe(first);
});

test("a report renews only the models that it is about", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1)]), model("n", [row(1)])));
  const [viewM, viewN] = [registry.model(m), registry.model(modelName("n"))];
  registry.report("a", change(model("m", [row(1)])));
  expect(registry.model(m)).not.toBe(viewM);
  expect(registry.model(modelName("n"))).toBe(viewN);
});

test("believes an endpoint that has just unloaded a version before its report says so", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1), row(2)])));
  registry.report("b", complete(model("m", [row(2)])));
  registry.unloaded("a", m, v2);
  expect(registry.endpointsOf(m, v2)).toEqual(["b"]);
  registry.unloaded("b", m, v2);
  expect(registry.latest(m)?.version).toBe(1n);
});

test("a model whose last version was found unloaded is away, not failed, until the endpoint reports", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1)])));
  registry.unloaded("a", m, v1);
  expect(registry.outlook(m)).toBe("lost");
  const ended = row(1, { state: "END" });
  registry.report("a", change(model("m", [ended])));
  expect(registry.outlook(m)).toBe("failed");
  // An answer that was late.
  registry.unloaded("a", m, v1);
  expect(registry.outlook(m)).toBe("failed");
});

const at = (state: VersionReport["state"]): VersionReport => row(1, { state });

describe("a version's status is that of the worker that is furthest:", () => {
  const failed = row(1, { state: "END", error: "INTERNAL" });
  for (const { name, a, b, want } of [
    { name: "AVAILABLE beats LOADING", a: at("LOADING"), b: at("AVAILABLE"), want: "AVAILABLE OK" },
    { name: "LOADING beats START", a: at("LOADING"), b: at("START"), want: "LOADING OK" },
    // A rolling change: one worker has the version still, the other has let go of it.
    { name: "AVAILABLE beats END", a: at("END"), b: at("AVAILABLE"), want: "AVAILABLE OK" },
    { name: "AVAILABLE beats a failed load", a: failed, b: at("AVAILABLE"), want: "AVAILABLE OK" },
    { name: "a failed load shows when nobody is further", a: failed, b: failed, want: "END INTERNAL" },
    { name: "of two ENDs, the one with an error", a: at("END"), b: failed, want: "END INTERNAL" },
    { name: "START beats UNLOADING", a: at("UNLOADING"), b: at("START"), want: "START OK" },
  ] as const) {
    for (const [order, rows] of [
      ["", [a, b]],
      [" (reported the other way round)", [b, a]],
    ] as const) {
      test(name + order, () => {
        const registry = new Registry<string>();
        rows.forEach((row, index) => registry.report(String(index), complete(model("m", [row]))));
        expect(registry.status(m)?.map(({ state, code }) => `${state} ${code}`)).toEqual([want]);
      });
    }
  }
});

describe("what to expect of a model without an available version:", () => {
  for (const { name, versions, discovered = true, want } of [
    { name: "starting, before its folder was looked at", versions: [], discovered: false, want: "starting" },
    { name: "starting, while its first version loads", versions: [row(1, { state: "LOADING" })], want: "starting" },
    { name: "failed, when there is no version", versions: [], want: "failed" },
    {
      name: "failed, when a load has failed and is tried again",
      versions: [row(1, { state: "LOADING", failedLoads: 1 })],
      want: "failed",
    },
    {
      name: "failed, when its versions have ended",
      versions: [row(1, { state: "END", error: "INTERNAL" })],
      want: "failed",
    },
  ] as const) {
    test(name, () => {
      const registry = new Registry<string>();
      registry.report("a", complete(model("m", versions, discovered)));
      expect(registry.outlook(m)).toBe(want);
    });
  }

  test("starting, when no worker knows it yet", () => expect(new Registry<string>().outlook(m)).toBe("starting"));

  test("lost, when it has answered before and its worker is gone or starts again", () => {
    const registry = new Registry<string>();
    registry.report("a", complete(model("m", [row(1)])));
    registry.remove("a");
    expect(registry.outlook(m)).toBe("lost");
    registry.report("b", complete(model("m", [row(1, { state: "START" })])));
    expect(registry.outlook(m)).toBe("lost");
  });
});

test("tells of every change after it can be seen", () => {
  const seen: (bigint | undefined)[] = [];
  const registry: Registry<string> = new Registry(() => seen.push(registry.latest(m)?.version));
  registry.report("a", complete(model("m", [row(1)])));
  registry.report("a", change(model("m", [row(2)])));
  registry.remove("a");
  expect(seen).toEqual([1n, 2n, undefined]);
});

test("tells of each try to load, once", () => {
  const tried: string[] = [];
  const registry = new Registry<string>(undefined, ({ directory, succeeded, warmUpRecords }) =>
    tried.push(`${directory} ${succeeded} ${warmUpRecords}`),
  );
  registry.report("a", complete(model("m", [row(1, { state: "LOADING" })])));
  registry.report("a", change(model("m", [row(1, { state: "END", failedLoads: 2 })])));
  expect(tried.splice(0)).toEqual(["/models/m/1 false 0", "/models/m/1 false 0"]);
  registry.report("a", change(model("m", [row(1)])));
  registry.report("a", change(model("m", [row(1), row(2, { state: "LOADING" })])));
  registry.report("a", complete(model("m", [row(1)])));
  expect(tried.splice(0)).toEqual(["/models/m/1 true 2"]);
  registry.report("b", complete(model("m", [row(1)])));
  expect(tried).toEqual(["/models/m/1 true 2"]);
});

describe("why a model has no available version:", () => {
  for (const { name, report, want } of [
    { name: "its folder", report: { ...model("m", []), problem: "no such folder" }, want: "no such folder" },
    { name: "its load", report: model("m", [row(1, { state: "END", error: "INTERNAL" })]), want: "it failed" },
    { name: "nothing was found", report: model("m", []), want: "its base path holds no version" },
  ]) {
    test(name, () => {
      const registry = new Registry<string>();
      registry.report("a", complete(report));
      expect(registry.failure(m).message).toBe(want);
    });
  }
});
