import { expect, test } from "vitest";
import { modelName } from "../../../core/index.ts";
import { Registry } from "../../../gateway/upstream/index.ts";
import { Served } from "../../../gateway/upstream/served.ts";
import { complete, model, row } from "./reports.ts";

test("a version may be had while some pool has it, and while the model is away altogether", () => {
  const [local, far] = [new Registry<never>(), new Registry<never>()];
  const served = new Served({
    local,
    poolOf: () => undefined,
    registryOf: () => far,
    standIn: () => undefined,
    others: () => [far],
  });
  const endpoint = {} as never;
  const had = (): readonly number[] => [1, 2, 3].filter((version) => served.mayHave(modelName("m"), String(version)));
  expect(had()).toEqual([1, 2, 3]);
  local.report(endpoint, complete(model("m", [row(2), row(1, { state: "END" })])));
  expect(had()).toEqual([2]);
  far.report(endpoint, complete(model("m", [row(3, { state: "LOADING" })])));
  expect(had()).toEqual([2, 3]);
  local.report(endpoint, complete(model("m", [row(2, { state: "END" }), row(1, { state: "END" })])));
  expect(had()).toEqual([1, 2, 3]);
});
