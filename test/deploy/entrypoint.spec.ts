import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../setup/tensorgate.ts";

/** There is no container engine here: the image's entry point runs by itself, with a `tensorgate` that only echoes. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-entrypoint-"));
  writeFileSync(join(folder, "tensorgate"), '#!/bin/sh\necho "$@"\n');
  chmodSync(join(folder, "tensorgate"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ONE_MODEL = "serve --port=8500 --rest_api_port=8501 --model_name=m --model_base_path=/models/m";
for (const { name, args, want } of [
  { name: "serves the model of the environment, as tensorflow/serving does", args: [], want: ONE_MODEL },
  { name: "passes further flags on", args: ["--workers=1"], want: `${ONE_MODEL} --workers=1` },
  { name: "leaves models to a config file", args: ["--config=/c.yaml"], want: "serve --config=/c.yaml" },
  { name: "leaves models to a model list", args: ["--model_config_file=/m"], want: "serve --model_config_file=/m" },
  { name: "runs another command", args: ["worker", "--port=8500"], want: "worker --port=8500" },
]) {
  test(`the image ${name}`, () => {
    const env = { PATH: `${folder}:${process.env["PATH"]}`, MODEL_NAME: "m", MODEL_BASE_PATH: "/models" };
    const said = execFileSync(join(ROOT, "deploy/docker/entrypoint.sh"), args, { env, encoding: "utf8" });
    expect(said.trim()).toBe(want);
  });
}
