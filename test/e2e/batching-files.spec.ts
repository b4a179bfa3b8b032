import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MODELS, startTensorgate } from "../setup/tensorgate.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-batching-files-"));
  for (const version of ["1", "2", "3"]) {
    cpSync(join(MODELS, "half_plus_two/00000123"), join(folder, version), { recursive: true });
  }
  writeFileSync(join(folder, "2/batching_params.pbtxt"), "max_batch_size { value: 4 }");
  writeFileSync(join(folder, "3/batching_params.pbtxt"), "max_batch_sise { value: 4 }");
});
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = () => ({
  models: [{ name: "m", path: folder, versions: "all" }],
  workers: { count: 1, load: { retries: 0 } },
});

test("with the flag a version is merged as the file in its folder says, not without one, and not loaded with a wrong one", {
  timeout: 60_000,
}, async () => {
  await using gateway = await startTensorgate(CONFIG(), [
    "--enable_batching",
    "--enable_per_model_batching_parameters",
  ]);
  await gateway.ready();
  const [wrong, bounded, alone] = (await gateway.get("/statusz")).json.models[0].versions;
  expect(wrong).toMatchObject({ version: "3", state: "END", status: { error_code: "INVALID_ARGUMENT" } });
  expect(wrong.status.error_message).toContain(
    `${join(folder, "3/batching_params.pbtxt")}:1:1: Error parsing text-format`,
  );
  expect(bounded).toMatchObject({ version: "2", state: "AVAILABLE", merging: { serving_default: { is: "proven" } } });
  expect(alone).toMatchObject({ version: "1", state: "AVAILABLE", merging: "off" });
  for (const version of ["1", "2"]) {
    const { json } = await gateway.predict(`m/versions/${version}`, { instances: [1, 2, 5] });
    expect(json).toEqual({ predictions: [2.5, 3, 4.5] });
  }
});

test("without it the files count for nothing", { timeout: 60_000 }, async () => {
  await using gateway = await startTensorgate(CONFIG());
  await gateway.ready();
  const { versions } = (await gateway.get("/statusz")).json.models[0];
  expect(versions).toMatchObject([1, 2, 3].map(() => ({ state: "AVAILABLE", merging: { serving_default: {} } })));
});
