import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { LATEST, modelName } from "../../../core/index.ts";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { decodePredictResponse, decodeRegressionResponse, encodeExamplesRequest } from "../../../tensor/index.ts";
import { serving } from "./health.ts";
import { byVersion, slowRequest } from "./requests.ts";
import { EXAMPLES, MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
afterEach(() => served.close());

const HALF = `${EXAMPLES}/half_plus_two`;
/** tf.Example {x: [2.0]}. */
const EXAMPLE = Buffer.from("Cg8KDQoBeBIIEgYKBAAAAEA=", "base64");

/** Which version answers, told by the graph: 4 from version 123's asset, 5 from 124's. */
async function regressed(name: string): Promise<number | undefined> {
  const spec = { name: modelName(name), choice: LATEST, signature: "regress_x_to_y2" };
  const request = encodeExamplesRequest({ spec, input: { examples: [EXAMPLE], context: undefined } });
  return decodeRegressionResponse(await served.call(predictionServiceRaw.Regress, Buffer.from(request))).values[0];
}

describe("versions on disk, with TensorFlow", () => {
  test("one that is added while calls run becomes the latest, none of the calls fails, and the old one ends", async () => {
    served = await serve([]);
    await served.deploy(`${HALF}/00000123`, "m/123");
    served.worker.apply([wanted("m", join(served.scratch, "m"), { versions: { by: "latest", count: 1 } })]);
    await expect.poll(() => served.states("m")).toEqual(["123 AVAILABLE"]);
    expect(await regressed("m")).toBe(4);
    await served.deploy(`${HALF}/00000124`, "m/124");
    const answers: (number | undefined)[] = [];
    while (answers.at(-1) !== 5) answers.push(await regressed("m"));
    expect(new Set(answers)).toEqual(new Set([4, 5]));
    await expect.poll(() => served.states("m")).toEqual(["124 AVAILABLE", "123 END"]);
    expect(await regressed("m")).toBe(5);
  });

  test("a call that runs while its version is unloaded gets its answer", async () => {
    served = await serve([wanted("slow", `${MODELS}/slow`)]);
    await serving(served.client);
    const running = served.call(predictionServiceRaw.Predict, slowRequest(400, byVersion(1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    served.worker.apply([]);
    await expect.poll(() => served.states("slow")).toEqual(["1 UNLOADING"]);
    expect(decodePredictResponse(await running).outputs.has("y")).toBe(true);
    await expect.poll(() => served.states("slow")).toEqual(["1 END"]);
  });

  test("a call past its deadline stops running, and holds its version no longer", async () => {
    served = await serve([wanted("slow", `${MODELS}/slow`)]);
    await serving(served.client);
    const call = served.call(predictionServiceRaw.Predict, slowRequest(20_000), 200);
    await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    served.worker.apply([]);
    await expect.poll(() => served.states("slow"), { timeout: 5_000 }).toEqual(["1 END"]);
  });

  test("bad ones fail alone, each with its reason, while the rest serve", async () => {
    served = await serve(
      ["broken_graph", "broken_variables", "unknown_op", "tags", "text"].map((name) =>
        wanted(name, `${MODELS}/${name}`),
      ),
    );
    await serving(served.client);
    for (const name of ["broken_graph", "broken_variables", "unknown_op"]) {
      expect(await served.states(name), name).toEqual(["1 END"]);
      expect(await served.outcome(name), name).toMatch(/^[A-Z_]+ .+/);
      expect(await served.outcome(name), name).not.toMatch(/^OK/);
    }
    expect(await served.states("text")).toEqual(["1 AVAILABLE"]);
  });

  test("a base path that is itself a SavedModel is served as version 1", async () => {
    served = await serve([wanted("m", `${HALF}/00000123`)]);
    await serving(served.client);
    expect(await served.states("m")).toEqual(["1 AVAILABLE"]);
    expect(await regressed("m")).toBe(4);
  });

  test("a folder without a SavedModel fails until its copy has come to its end", async () => {
    served = await serve([]);
    await mkdir(join(served.scratch, "m/1"), { recursive: true });
    served.worker.apply([wanted("m", join(served.scratch, "m"))]);
    await expect.poll(() => served.states("m")).toEqual(["1 END"]);
    expect(await served.outcome("m")).toMatch(/^NOT_FOUND /);
    await served.deploy(`${HALF}/00000123`, "m/1");
    await expect.poll(() => served.states("m"), { timeout: 5_000 }).toEqual(["1 AVAILABLE"]);
  });

  test("one that is too big for the worker's budget is refused with the figures", async () => {
    served = await serve([wanted("m", HALF)], { memoryBudgetBytes: 10 });
    await serving(served.client);
    expect(await served.states("m")).toEqual(["124 END", "123 END"]);
    expect(await served.outcome("m")).toMatch(
      /^RESOURCE_EXHAUSTED version 124 of model m needs about [\d.]+ MiB of memory, but 0\.0 MiB/,
    );
  });
});
