import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { InferenceError, LATEST, modelName } from "../../../core/index.ts";
import { versionReports, versionStatuses } from "../../../worker/lifecycle/index.ts";
import { createWorld, specific, type World } from "./world.ts";

let world: World;
afterEach(() => world.close());

const M = modelName("m");
const HOUR_MS = 3_600_000;
/** The version that a call would get. */
function latest(): bigint {
  using handle = world.manager.acquire(M, LATEST);
  return handle.version;
}
const loads = (): number => world.engine.log.filter((line) => line.startsWith("load")).length;

describe("a load that fails", () => {
  test("ends the version with the error's code and words, and leaves the others alone", async () => {
    world = await createWorld();
    await world.put("m/1");
    await world.put("m/2", "bad");
    world.manager.apply([world.wanted("m", specific(1, 2))]);
    await world.becomes("m", "2 END, 1 AVAILABLE");
    expect(versionStatuses(world.manager, M)[0]).toMatchObject({
      code: "NOT_FOUND",
      message: "no good SavedModel in m/2",
    });
    expect(latest()).toBe(1n);
  });

  test("keeps the version that was to be replaced", async () => {
    world = await createWorld();
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    await world.put("m/2", "bad");
    await world.becomes("m", "2 END, 1 AVAILABLE");
    expect(latest()).toBe(1n);
  });

  test("is tried again as often as is set, and not more", async () => {
    world = await createWorld({ load: { retries: 3, poll: { by: "once" } } });
    await world.put("m/1", "bad");
    world.manager.apply([world.wanted("m")]);
    await world.manager.until(() => failedLoads() === 4, AbortSignal.timeout(5_000));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(loads()).toBe(4);
    expect(world.states("m")).toBe("1 END");
  });

  test("shows at once, though it is tried again later", async () => {
    world = await createWorld({ load: { retries: 5, retryIntervalMs: HOUR_MS, poll: { by: "once" } } });
    await world.put("m/1", "bad");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 END");
    expect(world.manager.settled).toBe(true);
    expect(failedLoads()).toBe(1);
  });

  test("is tried again as soon as the folder has changed: its copy was not at its end", async () => {
    world = await createWorld({ load: { retries: 5, retryIntervalMs: HOUR_MS } });
    await world.put("m/1", "half");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 END");
    await writeFile(join(world.root, "m/1/saved_model.pb"), "good");
    await world.becomes("m", "1 AVAILABLE");
    expect(versionStatuses(world.manager, M)[0]).toMatchObject({ code: "OK", message: "" });
  });

  test("is not tried again while the folder stays as it is", async () => {
    world = await createWorld();
    await world.put("m/1", "bad");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 END");
    await new Promise((resolve) => setTimeout(resolve, 60)); // several polls
    expect(loads()).toBe(1);
  });

  test("of a version that is taken away is forgotten with its next try", async () => {
    world = await createWorld({ load: { retries: 5, retryIntervalMs: 50 } });
    await world.put("m/1");
    await world.put("m/2", "bad");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "2 END");
    await world.remove("m/2");
    await world.becomes("m", "2 END, 1 AVAILABLE");
    const before = loads();
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(loads()).toBe(before);
  });
});

function failedLoads(): number {
  const model = world.manager.models.get(M);
  return model === undefined ? 0 : (versionReports(model)[0]?.failedLoads ?? 0);
}

describe("warm-up", () => {
  test("is over before a version is available, and its failure fails the load", async () => {
    const seen: string[] = [];
    let fails = true;
    world = await createWorld({
      warmUp: async ({ directory }) => {
        seen.push(world.states("m"));
        if (fails) throw new InferenceError("DATA_LOSS", `bad record in ${directory.slice(world.root.length)}`);
        return 1;
      },
    });
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 END");
    expect(versionStatuses(world.manager, M)[0]).toMatchObject({ code: "DATA_LOSS", message: "bad record in /m/1" });
    expect(world.engine.log).toEqual(["load m/1", "close m/1"]);
    expect(seen).toEqual(["1 LOADING"]);
    fails = false;
    await world.put("m/2");
    await world.becomes("m", "2 AVAILABLE, 1 END");
  });
});

describe("the memory budget", () => {
  test("refuses what does not fit, with the figures, and takes it in once memory is freed", async () => {
    world = await createWorld({ memoryBudgetBytes: 3 * 2 ** 20 });
    world.engine.bytesEach = 2 * 2 ** 20;
    await world.put("a/1");
    await world.put("m/1");
    world.manager.apply([world.wanted("a")]);
    await world.becomes("a", "1 AVAILABLE");
    expect(world.manager.estimatedBytes).toBe(2 * 2 ** 20);
    world.manager.apply([world.wanted("a"), world.wanted("m")]);
    await world.becomes("m", "1 END");
    const message =
      "version 1 of model m needs about 2.0 MiB of memory, but 1.0 MiB of this worker's budget of 3.0 MiB are free";
    expect(versionStatuses(world.manager, M)[0]).toMatchObject({ code: "RESOURCE_EXHAUSTED", message });
    expect(failedLoads()).toBe(1);
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    expect(world.manager.estimatedBytes).toBe(2 * 2 ** 20);
  });

  test("is given back by a load that fails", async () => {
    world = await createWorld({ memoryBudgetBytes: 150 });
    await world.put("bad/1", "bad");
    world.manager.apply([world.wanted("bad")]);
    await world.becomes("bad", "1 END");
    expect(world.manager.estimatedBytes).toBe(0);
  });

  test("keeps the old version when both do not fit", async () => {
    world = await createWorld({ memoryBudgetBytes: 150 });
    await world.put("m/1");
    world.manager.apply([world.wanted("m")]);
    await world.becomes("m", "1 AVAILABLE");
    await world.put("m/2");
    await world.becomes("m", "2 END, 1 AVAILABLE");
    expect(latest()).toBe(1n);
  });
});
