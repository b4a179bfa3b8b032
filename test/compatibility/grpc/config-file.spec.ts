import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient, type Message } from "../../setup/grpc-client.ts";
import { MODELS, PROGRAM, ROOT, startProgram, type Tensorgate } from "../../setup/tensorgate.ts";
import { floats, plain } from "./cases.ts";

const folder = mkdtempSync(join(tmpdir(), "tensorgate-config-file-"));
const FILE = join(folder, "models.config");
const FLAGS = ["--host=127.0.0.1", "--port=any", "--rest_api_port=any", "--workers=1", "--max_num_load_retries=0"];

let gateway: Tensorgate;
let client: GrpcClient;
beforeAll(async () => {
  write(model("half", HALF, 'model_version_policy { all {} } version_labels { key: "stable" value: 123 }'));
  const polled = [`--model_config_file=${FILE}`, "--model_config_file_poll_wait_seconds=1"];
  const allowed = ["--allow_version_labels_for_unavailable_models", "--enable_grpc_healthcheck_service=false"];
  gateway = await startProgram(["serve", ...FLAGS, ...polled, ...allowed, "--flush_filesystem_caches=false"]);
  await gateway.ready();
  client = new GrpcClient(gateway.grpc);
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const HALF = join(MODELS, "half_plus_two");
const TEXT = join(ROOT, "test/data/models/text");

function model(name: string, path: string, more = ""): string {
  return `config { name: "${name}" base_path: "${path}" model_platform: "tensorflow" ${more} }`;
}

function write(...models: readonly string[]): void {
  writeFileSync(FILE, `# The models of this test.\nmodel_config_list: {\n  ${models.join(",\n  ")}\n}\n`);
}

/** `half 123 serving_default`, or the error. */
async function answering(name: string, spec: Message = {}): Promise<string> {
  const request = { model_spec: { name, ...spec }, inputs: { x: floats([1], 1) } };
  const outcome = await client.outcome("Predict", request);
  return outcome === "OK" ? plain(await client.call("Predict", request))["model_spec"] : outcome;
}

async function reload(...config: readonly Message[]): Promise<string> {
  const list = config.map((each) => ({ model_platform: "tensorflow", ...each }));
  return await client.outcome("HandleReloadConfigRequest", { config: { model_config_list: { config: list } } });
}

test("the file's models and their labels are served from the start", async () => {
  expect(await answering("half")).toBe("half 124 serving_default");
  expect(await answering("half", { version_label: "stable" })).toBe("half 123 serving_default");
  const { msg } = await gateway.logged(({ msg = "" }) => msg.startsWith("--flush_filesystem_caches"));
  expect(msg).toMatch(/^--flush_filesystem_caches has no effect: /);
});

test("a changed file is taken over; a bad one is skipped, and the last good one stays", async () => {
  write(model("half", HALF, "model_version_policy { specific { versions: [123] } }"), model("text", TEXT));
  await expect.poll(() => answering("text")).toBe("text 1 serving_default");
  await expect.poll(() => answering("half")).toBe("half 123 serving_default");

  write(model("text", TEXT, 'version_lables { key: "a" value: 1 }'));
  const { msg } = await gateway.logged(({ msg = "" }) => msg.includes("refused"));
  expect(msg).toContain(`${FILE}:3:`);
  expect(msg).toContain("Error parsing text-format tensorflow.serving.ModelServerConfig: ");
  expect(await answering("text")).toBe("text 1 serving_default");
});

test("a reload over gRPC holds until the file changes", async () => {
  expect(await reload({ name: "half", base_path: HALF })).toBe("OK");
  await expect.poll(() => answering("half")).toBe("half 124 serving_default");
  expect(await answering("text")).toMatch(/^NOT_FOUND/);
  write(model("text", TEXT), model("more", TEXT));
  await expect.poll(() => answering("more")).toBe("more 1 serving_default");
  expect(await answering("half")).toMatch(/^NOT_FOUND/);
});

test("with the flag a label may wait for its version, unless it is in use for another", async () => {
  const half = { name: "half", base_path: HALF, model_version_policy: { all: {} } };
  expect(await reload({ ...half, version_labels: { stable: 123, next: 125 } })).toBe("OK");
  await expect.poll(() => answering("half", { version_label: "stable" })).toBe("half 123 serving_default");
  await expect.poll(() => answering("half")).toBe("half 124 serving_default");
  expect(await answering("half", { version_label: "next" })).toBe(
    "NOT_FOUND: Servable not found for request: Specific(half, 125)",
  );
  expect(await reload({ ...half, version_labels: { stable: 125 } })).toBe(
    "FAILED_PRECONDITION: Request to assign label to version 125 of model half, which is not currently available for inference",
  );
  expect(await reload({ ...half, version_labels: { stable: 124, next: 125 } })).toBe("OK");
  expect(await answering("half", { version_label: "stable" })).toBe("half 124 serving_default");
});

describe.concurrent("a start is refused", () => {
  for (const { name, file, text = "", flags, want } of [
    {
      name: "for a model list with a fault, whose place is named",
      text: `model_config_list {\n  ${model("m", "models/m")}\n}`,
      file: "list.config",
      flags: [`--model_config_file=${join(folder, "list.config")}`],
      want: /list\.config:2:\d+ model_config_list\.config\[0\]\.base_path: Expected model m to have an absolute path or URI; got base_path\(\)=models\/m/,
    },
    {
      name: "for a batching file without batching",
      flags: ["--model_base_path=/m", "--batching_parameters_file=b"],
      want: /--batching_parameters_file: server_options\.batching_parameters_file is set without setting server_options\.enable_batching to true\./,
    },
    {
      name: "for batching sizes that don't fit",
      text: "max_batch_size { value: 8 }\nallowed_batch_sizes: 4",
      file: "batching.config",
      flags: [
        "--model_base_path=/m",
        "--enable_batching",
        `--batching_parameters_file=${join(folder, "batching.config")}`,
      ],
      want: /batching\.config:2:1 allowed_batch_sizes.*: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8/,
    },
    {
      name: "for TensorFlow Lite",
      flags: ["--model_base_path=/m", "--prefer_tflite_model=true"],
      want: /--prefer_tflite_model: TensorFlow Lite is not supported; /,
    },
    {
      name: "for a flag that there is not",
      flags: ["--model_base_path=/m", "--enable_modle_warmup"],
      want: /--enable_modle_warmup: unknown flag \(did you mean --enable_model_warmup\?\)/,
    },
  ]) {
    test(name, async () => {
      if (file !== undefined) writeFileSync(join(folder, file), text);
      const run = promisify(execFile)(process.execPath, [PROGRAM, "serve", ...FLAGS, ...flags]);
      await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(want) });
    });
  }
});
