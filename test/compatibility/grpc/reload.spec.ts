import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Message } from "../../setup/grpc-client.ts";
import { MODELS, ROOT } from "../../setup/tensorgate.ts";
import { floats, plain, sharedClient } from "./cases.ts";

const { client, gateway } = sharedClient({
  server: { rest: { port: 0 }, grpc: { port: 0 }, monitoring: { path: "/prom" } },
  workers: { count: 2, load: { retries: 0, poll: "50ms" } },
  models: [
    { name: "half", path: join(MODELS, "half_plus_two"), versions: "all", labels: { stable: 123 } },
    { name: "tags", path: join(ROOT, "test/data/models/tags"), tags: ["serve", "special"] },
  ],
});

const folder = mkdtempSync(join(tmpdir(), "tensorgate-reload-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SMALL = join(ROOT, "test/data/models");
const ALL = { model_version_policy: { all: {} } };
const HALF = { name: "half", base_path: join(MODELS, "half_plus_two"), ...ALL };
const specific = (...versions: number[]): Message => ({ model_version_policy: { specific: { versions } } });

async function reload(...config: readonly Message[]): Promise<string> {
  const list = config.map((model) => ({ model_platform: "tensorflow", ...model }));
  return await client().outcome("HandleReloadConfigRequest", { config: { model_config_list: { config: list } } });
}

/** `124`, the version that answers, or the error. */
async function answering(name: string, spec: Message = {}): Promise<string> {
  const request = { model_spec: { name, ...spec }, inputs: { x: floats([1], 1) } };
  const outcome = await client().outcome("Predict", request);
  if (outcome !== "OK") return outcome;
  return plain(await client().call("Predict", request))["model_spec"].split(" ")[1];
}

async function states(name: string): Promise<string> {
  const { model_version_status } = await client().call("GetModelStatus", { model_spec: { name } });
  return model_version_status.map(({ version, state }: Message) => `${version} ${state}`).join();
}

describe("a reload that is refused", () => {
  const m = { name: "m", base_path: "/m" };
  for (const { name, config, want } of [
    {
      name: "a model twice",
      config: [m, m],
      want: "INVALID_ARGUMENT: Illegal to list model m multiple times in config list",
    },
    {
      name: "a relative path",
      config: [{ ...m, base_path: "m" }],
      want: "INVALID_ARGUMENT: Expected model m to have an absolute path or URI; got base_path()=m",
    },
    {
      name: "no path",
      config: [{ name: "m" }],
      want: "INVALID_ARGUMENT: Expected model m to have an absolute path or URI; got base_path()=",
    },
    {
      name: "names are looked at before paths, and those before platforms",
      config: [{ ...m, base_path: "m", model_platform: "torch" }, { ...m, name: "n", base_path: "n" }, m],
      want: "INVALID_ARGUMENT: Illegal to list model m multiple times in config list",
    },
    {
      name: "another platform",
      config: [{ ...m, model_platform: "torch" }],
      want: "INVALID_ARGUMENT: Model m requests unsupported platform torch",
    },
    {
      name: "no platform",
      config: [{ ...m, model_platform: "" }],
      want: "INVALID_ARGUMENT: Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform.",
    },
    {
      name: "platform and type",
      config: [{ ...m, model_type: "TENSORFLOW" }],
      want: "INVALID_ARGUMENT: Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform.",
    },
    {
      name: "another type",
      config: [{ ...m, model_platform: "", model_type: "OTHER" }],
      want: "INVALID_ARGUMENT: ModelServerConfig::model_type choice 2 not supported.",
    },
    {
      name: "a change of platform",
      config: [{ ...HALF, model_platform: "torch" }],
      want: "INVALID_ARGUMENT: Illegal to change a model's platform. For model half platform was tensorflow and new platform requested is torch",
    },
    {
      name: "request logging",
      config: [{ ...m, logging_config: { log_collector_config: { type: "x" } } }],
      want: "INVALID_ARGUMENT: No request-logger-creator provided.",
    },
    {
      name: "a label for a version that is not available",
      config: [{ ...HALF, version_labels: { stable: 7 } }],
      want: "FAILED_PRECONDITION: Request to assign label to version 7 of model half, which is not currently available for inference",
    },
    {
      name: "a label for a model that is new",
      config: [HALF, { ...m, base_path: join(SMALL, "text"), version_labels: { stable: 1 } }],
      want: "FAILED_PRECONDITION: Request to assign label to version 1 of model m, which is not currently available for inference",
    },
  ]) {
    test(name, async () => {
      const outcome = await reload(...config);
      expect(outcome.slice(0, want.length)).toBe(want);
      expect(await answering("half", { version_label: "stable" })).toBe("123");
    });
  }

  test("no list", async () => {
    const want =
      "INVALID_ARGUMENT: ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported";
    for (const config of [undefined, {}, { custom_model_config: { type_url: "x" } }]) {
      expect(await client().outcome("HandleReloadConfigRequest", config === undefined ? {} : { config })).toBe(want);
    }
  });
});

test("what a model list cannot say of a model stays as the config file has it", async () => {
  for (const policy of [ALL, specific(1)]) {
    expect(await reload(HALF, { name: "tags", base_path: join(SMALL, "tags"), ...policy })).toBe("OK");
  }
  expect(await answering("tags")).toBe("1");
});

test("a new model answers on every worker once the call is answered; one that is not listed is unloaded", async () => {
  const path = join(SMALL, "text");
  expect(await reload({ name: "text", base_path: path })).toBe("OK");
  expect(await answering("text")).toBe("1");
  const { text } = await gateway().get("/prom");
  expect(text).toContain(`load_attempt_count{model_path="${path}/1",status="success"} 2\n`);
  expect(await answering("half")).toBe("NOT_FOUND: Servable not found for request: Latest(half)");
  expect(await answering("half", { version_label: "stable" })).toMatch(
    /^INVALID_ARGUMENT: Unrecognized servable version label: stable/,
  );
  await expect.poll(() => states("half")).toBe("124 END,123 END");
});

test("labels move, share a version and vanish with the list", async () => {
  expect(await reload(HALF)).toBe("OK");
  await expect.poll(() => states("half")).toBe("124 AVAILABLE,123 AVAILABLE");
  expect(await reload({ ...HALF, version_labels: { stable: 123, canary: 123 } })).toBe("OK");
  expect(await answering("half", { version_label: "canary" })).toBe("123");
  expect(await reload({ ...HALF, version_labels: { canary: 124 } })).toBe("OK");
  expect(await answering("half", { version_label: "canary" })).toBe("124");
  expect(await answering("half", { version_label: "stable" })).toMatch(
    /^INVALID_ARGUMENT: Unrecognized servable version label: stable/,
  );
});

test("a version policy decides what is loaded, without a gap", async () => {
  expect(await reload({ ...HALF, ...specific(123) })).toBe("OK");
  await expect.poll(() => states("half")).toBe("124 END,123 AVAILABLE");
  expect(await answering("half")).toBe("123");
  expect(await answering("half", { version: { value: 124 } })).toBe(
    "NOT_FOUND: Servable not found for request: Specific(half, 124)",
  );
  expect(await reload({ ...HALF, ...specific(124, 7) })).toBe("OK");
  expect(await answering("half")).toMatch(/^12[34]$/);
  await expect.poll(() => states("half")).toBe("124 AVAILABLE,123 END");
  for (const latest of [{ num_versions: 0 }, {}, { num_versions: 1 }]) {
    expect(await reload({ ...HALF, model_version_policy: { latest } })).toBe("OK");
    expect(await states("half")).toBe("124 AVAILABLE,123 END");
  }
  expect(await reload({ ...HALF, model_version_policy: { latest: { num_versions: 2 } } })).toBe("OK");
  await expect.poll(() => states("half")).toBe("124 AVAILABLE,123 AVAILABLE");
  expect(await reload({ ...HALF, ...specific() })).toBe("OK");
  await expect.poll(() => states("half")).toBe("124 END,123 END");
  expect(await answering("half")).toBe("NOT_FOUND: Servable not found for request: Latest(half)");
});

test("the same model from another folder is loaded from there", async () => {
  const moved = join(folder, "moved");
  await cp(join(MODELS, "half_plus_two/00000124"), join(moved, "200"), { recursive: true });
  expect(await reload(HALF)).toBe("OK");
  await expect.poll(() => states("half")).toContain("124 AVAILABLE");
  expect(await reload({ ...HALF, base_path: moved })).toBe("OK");
  await expect.poll(() => answering("half")).toBe("200");
  await rm(moved, { recursive: true });
});

test("new models that cannot be loaded are an error, and the others serve", async () => {
  await mkdir(join(folder, "empty"));
  const outcome = await reload(
    HALF,
    { name: "text", base_path: join(SMALL, "text") },
    { name: "broken", base_path: join(SMALL, "broken_graph") },
    { name: "empty", base_path: join(folder, "empty") },
  );
  expect(outcome).toMatch(
    /^UNKNOWN: 2 model\(s\) did not become available: \{\{\{name: broken version: 1\} due to error: DATA_LOSS: /,
  );
  expect(outcome).toMatch(/\}, \{\{name: empty\} due to error: NOT_FOUND: [^}]+\}, \}$/);
  expect(await answering("text")).toBe("1");
  await cp(join(SMALL, "text/1"), join(folder, "empty/3"), { recursive: true });
  await expect.poll(() => answering("empty")).toBe("3");
});

test("metrics that are named come back with their increase", async () => {
  const path = join(SMALL, "tf2");
  const metric_names = ["/tensorflow/cc/saved_model/load_attempt_count", "/tensorflow/nothing"];
  const config = { model_config_list: { config: [{ name: "tf2", base_path: path, model_platform: "tensorflow" }] } };
  const answer = await client().call("HandleReloadConfigRequest", { config, metric_names });
  expect(answer).toMatchObject({
    status: { error_code: "OK", error_message: "" },
    metric: [
      { name: metric_names[0], int64_value_increase: "2" },
      { name: "/tensorflow/nothing", int64_value_increase: "0", value_increase: "int64_value_increase" },
    ],
  });
});

test("an empty list unloads everything", async () => {
  expect(await reload()).toBe("OK");
  expect(await answering("tf2")).toBe("NOT_FOUND: Servable not found for request: Latest(tf2)");
  expect((await gateway().get("/readyz")).status).toBe(200);
  // With other tags than the config file's it would have been loaded anew, and that would have failed.
  const failed = gateway().log.filter(({ model, msg }) => model === "tags" && msg?.includes("failed to load"));
  expect(failed).toEqual([]);
});
