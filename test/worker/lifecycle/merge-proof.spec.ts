import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { modelName } from "../../../core/index.ts";
import { type Prove, versionReports } from "../../../worker/lifecycle/index.ts";
import type { Verdicts } from "../../../worker/merging/index.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
afterEach(() => world.close());

const M = modelName("m");
const LOOSE = { relative: 1e-4, absolute: 1e-6 };
const EXACT = { relative: 0, absolute: 0 };
const PROVEN: Verdicts = new Map([["s", { is: "proven" }]]);

/** Proofs that end when the test says so, each with the tolerance that it was asked for. */
function heldProofs(): { prove: Prove; asked: string[]; release: () => void; stopped: () => boolean } {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  let stopped: (() => boolean) | undefined;
  const prove: Prove = async ({ directory }, { relative }, stop) => {
    asked.push(`${directory.split("/").slice(-2).join("/")} within ${relative}`);
    stopped = stop;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return new Map([["s", relative === 0 ? { is: "refused", reason: "not exact" } : { is: "proven" }]]);
  };
  return { prove, asked, stopped: () => stopped?.() ?? false, release: () => waiting.shift()?.() };
}

function merging(): Verdicts | undefined {
  const model = world.manager.models.get(M);
  return model === undefined ? undefined : versionReports(model)[0]?.merging;
}

describe("whether calls may be merged", () => {
  test("is found before the version is announced", async () => {
    const { prove, asked, release } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m", { mergeProof: LOOSE })]);
    await vi.waitFor(() => expect(asked).toEqual(["m/1 within 0.0001"]));
    expect(world.states("m")).toBe("1 LOADING");
    expect(merging()).toEqual(new Map());
    release();
    await world.becomes("m", "1 AVAILABLE");
    expect(merging()).toEqual(PROVEN);
  });

  test("is not asked of a model whose calls are not merged", async () => {
    const { prove, asked } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    expect(merging()).toEqual(new Map());
    expect(asked).toEqual([]);
  });

  test("is found anew within another tolerance, while the version answers", async () => {
    const { prove, asked, release } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");

    world.manager.apply([world.wanted("m", { mergeProof: EXACT })]);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(world.states("m")).toBe("1 AVAILABLE");
    release();
    await vi.waitFor(() => expect(merging()).toEqual(new Map([["s", { is: "refused", reason: "not exact" }]])));

    world.manager.apply([world.wanted("m", { mergeProof: EXACT })]);
    world.manager.apply([world.wanted("m", { mergeProof: LOOSE })]);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    release();
    await vi.waitFor(() => expect(merging()).toEqual(PROVEN));
    expect(world.engine.log).toEqual(["load m/1"]);

    world.manager.apply([world.wanted("m")]);
    await vi.waitFor(() => expect(merging()).toEqual(new Map()));
    expect(asked).toEqual(["m/1 within 0", "m/1 within 0.0001"]);
  });

  test("is found by the last tolerance when that changes during the proof", async () => {
    const { prove, asked, release, stopped } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m", { mergeProof: EXACT })]);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    world.manager.apply([world.wanted("m", { mergeProof: LOOSE })]);
    release();
    await vi.waitFor(() => expect(asked).toEqual(["m/1 within 0", "m/1 within 0.0001"]));
    expect(stopped()).toBe(false);
    world.manager.apply([world.wanted("m", { mergeProof: { ...LOOSE, absolute: 1 } })]);
    expect(stopped()).toBe(true);
    release();
    await vi.waitFor(() => expect(asked).toHaveLength(3));
    release();
    await vi.waitFor(() => expect(merging()).toEqual(PROVEN));
  });

  test("is no longer looked for once the version is not wanted", async () => {
    const { prove, asked, release, stopped } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m", { mergeProof: LOOSE })]);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(stopped()).toBe(false);
    world.manager.apply([]);
    expect(stopped()).toBe(true);
    release();
    await world.becomes("m", "");
    expect(world.engine.log).toEqual(["load m/1", "close m/1"]);
  });

  test("holds an unload back for no more than the run under way", async () => {
    const { prove, asked, release, stopped } = heldProofs();
    world = await createWorld({ prove });
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    world.manager.apply([world.wanted("m", { mergeProof: LOOSE })]);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await rename(join(world.root, "m"), join(world.root, "n"));
    world.manager.apply([]);
    await world.becomes("m", "1 UNLOADING");
    expect(stopped()).toBe(true);
    expect(world.engine.log).toEqual(["load m/1"]);
    const seen = new Set<string>();
    using _listening = world.manager.onChange(() => seen.add(world.states("m")));
    release();
    await world.becomes("m", "");
    expect([...seen]).not.toContain("1 AVAILABLE");
    expect(world.engine.log).toEqual(["load m/1", "close m/1"]);
  });
});
