import { cpSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Library, openLibrary } from "../../../../worker/engine/tensorflow/library.ts";
import { openSession } from "../../../../worker/engine/tensorflow/session.ts";
import { configProto } from "../../../../worker/engine/tensorflow/session-config.ts";
import { ensureRuntime } from "../../../../worker/runtime/index.ts";
import { floats, load, modelFolder, openEngine, runSignature, strings, valuesOf } from "../support.ts";

const engine = await openEngine();
afterAll(() => engine.close());

describe("a SavedModel that loads", () => {
  test("tells the library's version", () => {
    expect(engine.description).toMatch(/^tensorflow 2\.\d+\.\d+/);
  });

  test("is read from saved_model.pbtxt as from .pb", async () => {
    const model = await load(engine, "text");
    const [y] = await runSignature(model, "serving_default", { x: floats([2], 1, 4) });
    expect(valuesOf(y)).toEqual([2.5, 4]);
  });

  test("written by TensorFlow 2 has its variables restored and its tables filled from assets", async () => {
    const model = await load(engine, "tf2");
    const [y] = await runSignature(model, "serving_default", { x: floats([3], 0, 1, 2) });
    expect(valuesOf(y)).toEqual([2, 2.5, 3]);
    const [ids] = await runSignature(model, "lookup", { words: strings("two", "zero", "ten") });
    expect(ids?.kind === "packed" && Array.from(new BigInt64Array(Uint8Array.from(ids.data).buffer))).toEqual([
      2n,
      0n,
      -1n,
    ]);
  });

  test("written by TensorFlow 1 has its main op run with the assets fed", async () => {
    const model = await load(engine, "strings");
    const [ids] = await runSignature(model, "lookup", { x: strings("два", "one") });
    expect(ids?.kind === "packed" && Array.from(new BigInt64Array(Uint8Array.from(ids.data).buffer))).toEqual([3n, 1n]);
  });

  test("gives its signatures and the bytes that they came from", async () => {
    const model = await load(engine, "counter");
    expect(Array.from(model.signatures.keys()).sort()).toEqual(["add", "get"]);
    expect(model.signatures.get("add")?.inputs.get("delta")).toMatchObject({
      name: "delta:0",
      dtype: { name: "float" },
      shape: [],
    });
    expect(Buffer.from(model.signatureDefMap).includes("tensorflow/serving/predict")).toBe(true);
  });

  test("is picked by its whole set of tags, in any order", async () => {
    const model = await engine.load(modelFolder("tags"), { tags: ["special", "serve"] });
    expect(Array.from(model.signatures.keys())).toEqual(["serving_default"]);
  });

  test("keeps state of its own beside a second load of the same folder", async () => {
    const [one, two] = await Promise.all([load(engine, "counter"), load(engine, "counter")]);
    await runSignature(one, "add", { delta: floats([], 5) });
    await runSignature(two, "add", { delta: floats([], 1) });
    expect(valuesOf((await runSignature(one, "get", {}))[0])).toEqual([5]);
    expect(valuesOf((await runSignature(two, "get", {}))[0])).toEqual([1]);
  });

  test("does not block the event loop while it loads", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await load(engine, "tf2");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

describe("a load that fails, with TensorFlow's code and words", () => {
  for (const { name, folder, tags = ["serve"], code, message } of [
    { name: "a folder that is not there", folder: "nowhere", code: "NOT_FOUND", message: /Could not find SavedModel/ },
    {
      name: "a file that is no protobuf",
      folder: "broken_graph",
      code: "DATA_LOSS",
      message: /Can't parse .*saved_model\.pb/,
    },
    {
      name: "variables cut short",
      folder: "broken_variables",
      code: "OUT_OF_RANGE",
      message: /Read less bytes than requested/,
    },
    { name: "an unknown op", folder: "unknown_op", code: "NOT_FOUND", message: /Op type not registered 'Mux'/ },
    { name: "one tag of two", folder: "tags", code: "NOT_FOUND", message: /supplied tags: \{ serve \}/ },
    { name: "no tags", folder: "tags", tags: [], code: "NOT_FOUND", message: /supplied tags/ },
  ]) {
    test(name, async () => {
      const failed = engine.load(modelFolder(folder), { tags });
      await expect(failed).rejects.toMatchObject({ name: "InferenceError", code, origin: "worker" });
      await expect(failed).rejects.toThrow(message);
    });
  }

  test("a folder without a SavedModel", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tensorgate-"));
    await writeFile(join(folder, "model.tflite"), "not ours");
    await expect(engine.load(folder, { tags: ["serve"] })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await rm(folder, { recursive: true });
  });
});

test("a copy whose variables have not come yet fails to load, and loads once they have", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-"));
  const index = join("variables", "variables.index");
  await cp(modelFolder("counter"), folder, { recursive: true, filter: (path) => !path.endsWith(index) });
  await expect(engine.load(folder, { tags: ["serve"] })).rejects.toMatchObject({
    code: "NOT_FOUND",
    origin: "worker",
    message: `the model has variables, but there is no ${index} in ${folder}`,
  });
  await cp(join(modelFolder("counter"), index), join(folder, index));
  const model = await engine.load(folder, { tags: ["serve"] });
  expect(valuesOf((await runSignature(model, "get", {}))[0])).toEqual([0]);
  await model.close();
  await rm(folder, { recursive: true });
});

test("a copy whose variables come while TensorFlow loads the rest fails to load", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-"));
  const index = join("variables", "variables.index");
  await cp(modelFolder("counter"), folder, { recursive: true, filter: (path) => !path.endsWith(index) });
  const real = openLibrary(await ensureRuntime());
  const { TF_LoadSessionFromSavedModel: loads } = real;
  type Done = (error: Error | null, session: bigint | null) => void;
  // As late as can be: TensorFlow has looked already.
  const late = (...all: unknown[]): void => {
    const done = all.pop() as Done;
    const come: Done = (error, session) => {
      cpSync(join(modelFolder("counter"), index), join(folder, index));
      done(error, session);
    };
    loads.async(...([...all, come] as Parameters<typeof loads.async>));
  };
  const library: Library = {
    ...real,
    TF_LoadSessionFromSavedModel: Object.assign(loads.bind(undefined), { async: late }),
  };
  await expect(openSession(library, folder, ["serve"], configProto({}))).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: `the model has variables, but there is no ${index} in ${folder}`,
  });
  await rm(folder, { recursive: true });
});

describe("a model that is closed", () => {
  test("refuses runs, in a way that lets them be tried elsewhere", async () => {
    const model = await load(engine, "text");
    await model.close();
    await model.close();
    await expect(runSignature(model, "serving_default", { x: floats([], 1) })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
    });
  });

  test("is closed by the engine's end too", async () => {
    const own = await openEngine();
    const model = await load(own, "text");
    await own.close();
    await expect(runSignature(model, "serving_default", { x: floats([], 1) })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });
});
