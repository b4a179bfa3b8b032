import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LATEST, modelName, type VersionChoice, version } from "../../../core/index.ts";
import type { Handle } from "../../../worker/lifecycle/index.ts";
import { createWorld, specific, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const M = modelName("m");
const byVersion = (number: number): VersionChoice => ({ by: "version", version: version(number) });
const byLabel = (label: string): VersionChoice => ({ by: "label", label });
const acquired = (handle: Handle): number => {
  handle[Symbol.dispose]();
  return Number(handle.version);
};

describe("versions that come and go", () => {
  test("are loaded when they are found, the highest being the latest", async () => {
    await world.put("m/1");
    await world.put("m/2");
    world.manager.apply([world.wanted("m", specific(1, 2))]);
    await world.becomes("m", "2 AVAILABLE, 1 AVAILABLE");
    expect(acquired(world.manager.acquire(M, LATEST))).toBe(2);
    expect(acquired(world.manager.acquire(M, byVersion(1)))).toBe(1);
  });

  test("are swapped without a gap: the new one answers before the old one goes", async () => {
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    const release = world.engine.hold("m/2");
    await world.put("m/2");
    await world.becomes("m", "2 LOADING, 1 AVAILABLE");
    expect(acquired(world.manager.acquire(M, LATEST))).toBe(1);

    const seen: (number | string)[] = [];
    using _listening = world.manager.onChange(() => {
      seen.push(acquired(world.manager.acquire(M, LATEST)), world.states("m"));
    });
    release();
    await world.becomes("m", "2 AVAILABLE, 1 END");
    expect(seen).toEqual([
      2,
      "2 AVAILABLE, 1 AVAILABLE", // it can be picked by the time it is announced
      2,
      "2 AVAILABLE, 1 UNLOADING",
      2,
      "2 AVAILABLE, 1 END",
    ]);
    expect(world.engine.log).toEqual(["load m/1", "load m/2", "close m/1"]);
  });

  test("can still be had by number while their unload is only just announced", async () => {
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    let late: Handle | undefined;
    using _listening = world.manager.onChange(() => {
      if (world.states("m") === "1 UNLOADING") late ??= world.manager.acquire(M, byVersion(1));
    });
    world.manager.apply([]);
    expect(late?.version).toBe(1n);
    late?.[Symbol.dispose]();
    await world.becomes("m", "");
  });

  test("that are in use are not freed before the last user is done", async () => {
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    const first = world.manager.acquire(M, LATEST);
    const second = world.manager.acquire(M, LATEST);
    world.manager.apply([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(() => world.manager.acquire(M, byVersion(1))).toThrow("Servable not found for request: Specific(m, 1)");
    first[Symbol.dispose]();
    first[Symbol.dispose](); // a second time counts for nothing
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.states("m")).toBe("1 UNLOADING");
    expect(world.engine.log).not.toContain("close m/1");
    second[Symbol.dispose]();
    await world.becomes("m", "");
    expect(world.engine.log).toContain("close m/1");
  });

  test("stay while their folder is missing as a whole, and go when it is empty", async () => {
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    await rename(join(world.root, "m"), join(world.root, "away"));
    await world.manager.until(() => world.manager.models.get(M)?.problem !== "", AbortSignal.timeout(5_000));
    expect(world.states("m")).toBe("1 AVAILABLE");
    await world.put("m/lost+found");
    await world.becomes("m", "1 END");
  });

  test("of the same number from another base path take over without a gap", async () => {
    await world.put("m/1");
    await world.put("other/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    const release = world.engine.hold("other/1");
    world.manager.apply([world.wanted("m", { path: `${world.root}/other` })]);
    await vi.waitFor(() => expect(world.engine.log).toContain("load other/1"));
    expect(content(world.manager.acquire(M, LATEST))).toBe("m/1");
    release();
    await vi.waitFor(() => expect(world.engine.log).toContain("close m/1"));
    expect(content(world.manager.acquire(M, byVersion(1)))).toBe("other/1");
    expect(world.states("m")).toBe("1 AVAILABLE");
  });

  test("that have ended are listed, but not for ever", async () => {
    for (let number = 1; number <= 22; number++) {
      await world.put(`m/${number}`);
      world.manager.apply([world.wanted("m")]);
      await world.manager.until(
        () => world.states("m").startsWith(`${number} AVAILABLE`) && !world.states("m").includes("UNLOADING"),
        AbortSignal.timeout(5_000),
      );
    }
    const ended = Array.from({ length: 20 }, (_, i) => `${21 - i} END`);
    await world.becomes("m", ["22 AVAILABLE", ...ended].join(", "));
  });

  test("come back when they are wanted again", async () => {
    await world.put("m/1");
    await world.put("m/2");
    world.manager.apply([world.wanted("m", specific(2))]);
    await world.becomes("m", "2 AVAILABLE");
    world.manager.apply([world.wanted("m", specific(1))]);
    await world.becomes("m", "2 END, 1 AVAILABLE");
    world.manager.apply([world.wanted("m", specific(2))]);
    await world.becomes("m", "2 AVAILABLE, 1 END");
  });
});

function content(handle: Handle): string {
  handle[Symbol.dispose]();
  return Buffer.from(handle.model.signatureDefMap).toString();
}

describe("what is asked for and is not there", () => {
  const cases: readonly { name: string; model: string; choice: VersionChoice; code: string; message: string }[] = [
    {
      name: "a model",
      model: "none",
      choice: LATEST,
      code: "NOT_FOUND",
      message: "Servable not found for request: Latest(none)",
    },
    {
      name: "a version",
      model: "m",
      choice: byVersion(7),
      code: "NOT_FOUND",
      message: "Servable not found for request: Specific(m, 7)",
    },
    {
      name: "a version of no model",
      model: "none",
      choice: byVersion(7),
      code: "NOT_FOUND",
      message: "Servable not found for request: Specific(none, 7)",
    },
    {
      name: "a label",
      model: "m",
      choice: byLabel("beta"),
      code: "INVALID_ARGUMENT",
      message: "Unrecognized servable version label: beta",
    },
    {
      name: "a label of no model",
      model: "none",
      choice: byLabel("beta"),
      code: "INVALID_ARGUMENT",
      message: "Unrecognized servable version label: beta",
    },
    {
      name: "the version of a label",
      model: "m",
      choice: byLabel("next"),
      code: "NOT_FOUND",
      message: "Servable not found for request: Specific(m, 9)",
    },
  ];
  for (const { name, model, choice, code, message } of cases) {
    test(`${name} is ${code}`, async () => {
      await world.put("m/1");
      world.manager.apply([world.wanted("m", { labels: new Map([["next", version(9)]]) })]);
      await world.becomes("m", "1 AVAILABLE");
      expect(() => world.manager.acquire(modelName(model), choice)).toThrow(expect.objectContaining({ code, message }));
    });
  }

  test("a model that still loads is NOT_FOUND", async () => {
    const release = world.engine.hold("m/1");
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 LOADING");
    expect(() => world.manager.acquire(M, LATEST)).toThrow("Servable not found for request: Latest(m)");
    release();
  });
});

describe("labels", () => {
  test("lead to their version, also one that loads only later", async () => {
    await world.put("m/1");
    const labels = new Map([
      ["stable", version(1)],
      ["canary", version(2)],
    ]);
    world.manager.apply([world.wanted("m", { ...specific(1, 2), labels })]);
    await world.becomes("m", "1 AVAILABLE");
    expect(acquired(world.manager.acquire(M, byLabel("stable")))).toBe(1);
    await world.put("m/2");
    await world.becomes("m", "2 AVAILABLE, 1 AVAILABLE");
    expect(acquired(world.manager.acquire(M, byLabel("canary")))).toBe(2);
  });

  test("move with the set of models, without a load", async () => {
    await world.put("m/1");
    await world.put("m/2");
    const wanted = specific(1, 2);
    world.manager.apply([world.wanted("m", { ...wanted, labels: new Map([["stable", version(1)]]) })]);
    await world.becomes("m", "2 AVAILABLE, 1 AVAILABLE");
    world.manager.apply([world.wanted("m", { ...wanted, labels: new Map([["稳定", version(2)]]) })]);
    expect(acquired(world.manager.acquire(M, byLabel("稳定")))).toBe(2);
    expect(() => world.manager.acquire(M, byLabel("stable"))).toThrow("Unrecognized servable version label: stable");
    expect(world.engine.log).toHaveLength(2);
  });
});

describe("many models", () => {
  test("go each its own way: a missing path, a bad model and a load that hangs hold back nobody", async () => {
    const release = world.engine.hold("slow/1");
    await world.put("slow/1");
    await world.put("bad/1", "bad");
    await world.put("good/1");
    world.manager.apply(["missing", "slow", "bad", "good", "任何文字 ✓"].map((name) => world.wanted(name)));
    await world.becomes("good", "1 AVAILABLE");
    await world.becomes("bad", "1 END");
    expect(world.states("slow")).toBe("1 LOADING");
    expect(world.states("missing")).toBe("none");
    expect(world.manager.models.get(modelName("missing"))?.problem).toContain("does not exist");
    expect(world.manager.settled).toBe(false);
    release();
    await world.manager.until(() => world.manager.settled, AbortSignal.timeout(5_000));
  });

  test("load no more at a time than there are slots, and the others wait at START", async () => {
    await world.close();
    world = await createWorld({ load: { threads: 1 } });
    const release = world.engine.hold("a/1");
    await world.put("a/1");
    await world.put("b/1");
    world.manager.apply([world.wanted("a")]);
    await world.becomes("a", "1 LOADING");
    world.manager.apply([world.wanted("a"), world.wanted("b")]);
    await world.becomes("b", "1 START");
    release();
    await world.becomes("b", "1 AVAILABLE");
    expect(world.engine.log).toEqual(["load a/1", "load b/1"]);
  });

  test("that are not listed any more are unloaded and forgotten", async () => {
    await world.put("a/1");
    await world.put("b/1");
    world.manager.apply([world.wanted("a"), world.wanted("b")]);
    await world.becomes("a", "1 AVAILABLE");
    await world.becomes("b", "1 AVAILABLE");
    world.manager.apply([world.wanted("b")]);
    await world.becomes("a", "");
    expect(world.engine.log).toContain("close a/1");
    expect(world.states("b")).toBe("1 AVAILABLE");
  });

  test("close together, whatever they are doing", async () => {
    const release = world.engine.hold("slow/1");
    await world.put("slow/1");
    await world.put("good/1");
    world.manager.apply([world.wanted("slow"), world.wanted("good"), world.wanted("missing")]);
    await world.becomes("good", "1 AVAILABLE");
    await world.becomes("slow", "1 LOADING");
    const closed = world.manager.close();
    release();
    expect(await closed).toBe(true);
    expect(world.engine.log).toContain("close slow/1");
    expect(world.engine.log).toContain("close good/1");
  });
});
