import { describe, expect, test } from "vitest";
import { modelName, version } from "../../../core/index.ts";
import type { Merging } from "../../../gateway/call.ts";
import { mergedVerdicts } from "../../../gateway/upstream/merged-verdicts.ts";
import { Registry } from "../../../gateway/upstream/registry.ts";
import type { SignatureMerging } from "../../../protos/index.ts";
import { change, complete, model, row } from "./reports.ts";

const proven: Merging = { is: "proven" };
const unproven: Merging = { is: "unproven", reason: "strings" };
const refused: Merging = { is: "refused", reason: "it writes" };

function side(merging: Merging | undefined): ReadonlyMap<string, Merging> {
  return new Map(merging === undefined ? [] : [["s", merging]]);
}

describe("what several workers have found of one signature", () => {
  for (const { name, one, other, want } of [
    { name: "is proven when all have proven it", one: proven, other: proven, want: proven },
    { name: "is unproven when one could not try", one: proven, other: unproven, want: unproven },
    { name: "is refused when one refuses what another has proven", one: proven, other: refused, want: refused },
    { name: "is refused when one refuses what another could not try", one: unproven, other: refused, want: refused },
    {
      name: "is refused when one has not examined it",
      one: proven,
      other: undefined,
      want: { is: "refused", reason: "not examined" },
    },
  ]) {
    test(name, () => {
      expect(mergedVerdicts(side(one), side(other))).toEqual(new Map([["s", want]]));
      expect(mergedVerdicts(side(other), side(one))).toEqual(new Map([["s", want]]));
    });
  }
});

const m = modelName("m");
const said = (verdict: SignatureMerging["verdict"], reason = ""): SignatureMerging[] => [
  { signature: "s", verdict, reason },
];

test("a servable tells what its workers have found, and is another one once they find otherwise", () => {
  const registry = new Registry<string>();
  const merging = (): Merging | undefined => registry.servable(m, version(1))?.merging.get("s");
  registry.report("a", complete(model("m", [row(1, { merging: said("PROVEN") })])));
  expect(merging()).toEqual(proven);

  const before = registry.servable(m, version(1));
  registry.report("b", complete(model("m", [row(1, { merging: said("PROVEN") })])));
  expect(registry.servable(m, version(1))).toBe(before);

  registry.report("b", change(model("m", [row(1, { merging: said("REFUSED", "it writes") })])));
  expect(merging()).toEqual(refused);
  expect(registry.servable(m, version(1))).not.toBe(before);

  registry.report("b", change(model("m", [row(1, { merging: said("UNPROVEN", "strings") })])));
  expect(merging()).toEqual(unproven);
  registry.report("b", change(model("m", [row(1, { state: "LOADING" })])));
  expect(merging()).toEqual(proven);
});

test("a verdict that the gateway does not know is a refusal", () => {
  const registry = new Registry<string>();
  registry.report("a", complete(model("m", [row(1, { merging: said("UNKNOWN") })])));
  expect(registry.servable(m, version(1))?.merging.get("s")).toEqual({ is: "refused", reason: "not examined" });
});
