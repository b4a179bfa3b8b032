import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { untilNotLost } from "../setup/load.ts";
import { MODELS, startProgram, startTensorgate } from "../setup/tensorgate.ts";

const HALF_PLUS_TWO = join(MODELS, "half_plus_two");

/** A folder that is removed at the end of the test. */
function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "tensorgate-models-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test("one missing path, one bad model and one bad version hold nobody back", async () => {
  using folder = scratch();
  mkdirSync(join(folder.path, "bad/1"), { recursive: true });
  writeFileSync(join(folder.path, "bad/1/saved_model.pb"), "no protobuf at all");
  cpSync(join(HALF_PLUS_TWO, "00000123"), join(folder.path, "mixed/1"), { recursive: true });
  mkdirSync(join(folder.path, "mixed/2"));
  writeFileSync(join(folder.path, "mixed/2/saved_model.pb"), "");
  await using gateway = await startTensorgate({
    models: [
      { name: "missing", path: join(folder.path, "nowhere") },
      { name: "bad", path: join(folder.path, "bad") },
      { name: "mixed", path: join(folder.path, "mixed"), versions: "all" },
      { name: "half_plus_two", path: HALF_PLUS_TWO },
    ],
  });
  await expect.poll(async () => (await gateway.predict("half_plus_two", { instances: [1] })).status).toBe(200);
  await expect.poll(async () => (await gateway.predict("mixed", { instances: [1] })).status).toBe(200);
  await expect
    .poll(async () => (await gateway.get("/v1/models/bad")).json?.model_version_status?.[0])
    .toMatchObject({ version: "1", state: "END", status: { error_message: expect.stringMatching(/./) } });
  const mixed = (await gateway.get("/v1/models/mixed")).json.model_version_status;
  expect(mixed.find(({ version }: { version: string }) => version === "1").state).toBe("AVAILABLE");
  // What cannot be loaded holds back neither its neighbours nor readiness.
  await gateway.ready();
  expect((await gateway.predict("missing", { instances: [1] })).status).toBe(404);

  mkdirSync(join(folder.path, "nowhere"));
  cpSync(join(HALF_PLUS_TWO, "00000123"), join(folder.path, "nowhere/1"), { recursive: true });
  await expect.poll(async () => (await gateway.predict("missing", { instances: [1] })).status).toBe(200);
});

test("a version that is added answers without a lost call, and the old one is unloaded after", async () => {
  using folder = scratch();
  cpSync(join(HALF_PLUS_TWO, "00000123"), join(folder.path, "m/1"), { recursive: true });
  await using gateway = await startTensorgate({ models: [{ name: "half_plus_two", path: join(folder.path, "m") }] });
  await gateway.ready();
  const load = untilNotLost(gateway, 4);
  cpSync(join(HALF_PLUS_TWO, "00000124"), join(folder.path, "m/2"), { recursive: true });
  await expect
    .poll(async () => (await gateway.get("/v1/models/half_plus_two/versions/2")).json?.model_version_status?.[0]?.state)
    .toBe("AVAILABLE");
  await expect
    .poll(
      async () =>
        (await gateway.get("/v1/models/half_plus_two/versions/1")).json?.model_version_status?.[0]?.state ?? "gone",
    )
    .toMatch(/END|gone/);
  await load.answered(100);
  expect(await load.stop()).toEqual([]);
});

test("a base path that is itself a SavedModel is served as version 1, with the flags of tensorflow_model_server", async () => {
  await using gateway = await startProgram([
    "serve",
    "--host=127.0.0.1",
    "--port=any",
    "--rest_api_port=any",
    "--workers=1",
    "--model_name=m",
    `--model_base_path=${join(HALF_PLUS_TWO, "00000123")}`,
  ]);
  await gateway.ready();
  expect((await gateway.get("/v1/models/m")).json.model_version_status).toMatchObject([
    { version: "1", state: "AVAILABLE" },
  ]);
  expect(gateway.log.some((line) => /version 1/.test(line.msg ?? ""))).toBe(true);
});

test("a model_config_file of TensorFlow Serving is served", async () => {
  using folder = scratch();
  const file = join(folder.path, "models.config");
  writeFileSync(
    file,
    `model_config_list: { config: { name: "m", base_path: "${HALF_PLUS_TWO}", model_platform: "tensorflow",
       model_version_policy { specific { versions: 123 } } version_labels { key: "stable" value: 123 } } }`,
  );
  await using gateway = await startProgram([
    "serve",
    "--host=127.0.0.1",
    "--port=any",
    "--rest_api_port=any",
    "--workers=1",
    `--model_config_file=${file}`,
    "--allow_version_labels_for_unavailable_models",
  ]);
  await gateway.ready();
  const reply = await gateway.post("/v1/models/m/labels/stable:predict", { instances: [1, 2, 5] });
  expect(reply.json).toEqual({ predictions: [2.5, 3, 4.5] });
});

test("a gs:// path is refused with a sentence", async () => {
  const started = startProgram(["serve", "--host=127.0.0.1", "--model_name=m", "--model_base_path=gs://bucket/m"]);
  await expect(started).rejects.toThrow(/gs:\/\/ paths are not supported: mount the bucket or sync it/);
});
