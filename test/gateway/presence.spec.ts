import { expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { presenceOf } from "../../gateway/presence.ts";
import { configured } from "./upstream/reports.ts";

const CONFIG = {
  routes: [
    {
      name: "split",
      match: { model: "m" },
      split: [
        { name: "old", version: 1, weight: 1 },
        { name: "new", version: 2, weight: 0 },
      ],
      fallback: { to: [{ version: 3 }, { model: "other", label: "safe" }] },
      defaultOutputs: { y: 0 },
    },
    { name: "plain", match: { model: "m" }, to: [{ version: 1 }] },
  ],
  http: [
    { prefix: "/one", upstream: "http://127.0.0.1:9000" },
    {
      name: "two",
      prefix: "/two",
      split: [
        { name: "a", upstream: "http://127.0.0.1:9000", weight: 1 },
        { name: "b", upstream: "http://127.0.0.1:9001", weight: 1 },
      ],
    },
  ],
};

test("what a configuration has is there, and what pools may have of its models", () => {
  const config = parseConfigText(JSON.stringify(CONFIG), "/etc/a.yaml", {
    models: [configured("m"), configured("other", { safe: 1 })],
  });
  const registry = { mayHave: (_: string, version: string) => version === "2" };
  const there = presenceOf(config, registry);
  expect([there.hasVersion("m", ""), there.hasVersion("m", "2"), there.hasVersion("m", "1")]).toEqual([
    true,
    true,
    false,
  ]);
  expect([there.hasVersion("n", ""), there.hasVersion("n", "2")]).toEqual([false, false]);

  for (const arm of ["", "old", "new", "3", "safe", "default"]) expect(there.hasArm("split", arm), arm).toBe(true);
  expect([
    there.hasArm("split", "5"),
    there.hasArm("plain", ""),
    there.hasArm("plain", "default"),
    there.hasArm("gone", ""),
  ]).toEqual([false, true, false, false]);
  expect([there.hasHttpArm("/one", ""), there.hasHttpArm("two", ""), there.hasHttpArm("two", "b")]).toEqual([
    true,
    true,
    true,
  ]);
  expect([there.hasHttpArm("two", "c"), there.hasHttpArm("/three", "")]).toEqual([false, false]);
});
