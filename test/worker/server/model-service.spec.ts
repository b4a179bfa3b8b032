import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { modelService, type ReloadConfigRequest } from "../../../protos/index.ts";
import { health, serving } from "./health.ts";
import { EXAMPLES, MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
afterEach(() => served.close());

const { GetModelStatus, HandleReloadConfigRequest } = modelService;
const HALF = `${EXAMPLES}/half_plus_two`;

async function states(name: string, version?: string): Promise<readonly string[]> {
  const choice = version === undefined ? {} : { version_choice: "version" as const, version: { value: version } };
  const { model_version_status: rows } = await served.call(GetModelStatus, {
    model_spec: { name, signature_name: "", ...choice },
  });
  return rows.map((row) => `${row.version} ${row.state} ${row.status?.error_code}`);
}

interface Listed {
  readonly name: string;
  readonly base_path: string;
  readonly model_platform?: string;
  readonly model_type?: string;
  readonly version_labels?: Record<string, string>;
  readonly model_version_policy?: object;
}

function reloadRequest(...config: readonly Listed[]): ReloadConfigRequest {
  const list = config.map((model) => ({ model_platform: "tensorflow", ...model }));
  return { config: { model_config_list: { config: list } }, metric_names: [] } as unknown as ReloadConfigRequest;
}

describe("GetModelStatus", () => {
  test("lists all versions, descending, or the one that is asked for; a label is ignored", async () => {
    served = await serve([wanted("half", HALF)]);
    await serving(served.client);
    expect(await states("half")).toEqual(["124 AVAILABLE OK", "123 AVAILABLE OK"]);
    expect(await states("half", "123")).toEqual(["123 AVAILABLE OK"]);
    const labelled = { name: "half", signature_name: "", version_choice: "version_label", version_label: "x" } as const;
    expect((await served.call(GetModelStatus, { model_spec: labelled })).model_version_status).toHaveLength(2);
  });

  test("tells why a version failed, and why a model has none", async () => {
    served = await serve([wanted("broken", `${MODELS}/broken_graph`), wanted("missing", "/nowhere/at/all")]);
    await serving(served.client);
    expect(await states("broken")).toEqual([expect.stringMatching(/^1 END (?!OK)/)]);
    const error = await served.failure(GetModelStatus, { model_spec: { name: "missing", signature_name: "" } });
    expect(error.details).toBe(
      "Could not find any versions of model missing: the base path /nowhere/at/all does not exist",
    );
  });

  test("refuses what it cannot find", async () => {
    served = await serve([wanted("half", HALF)]);
    await serving(served.client);
    const unknown = await served.failure(GetModelStatus, { model_spec: { name: "nobody", signature_name: "" } });
    expect([status[unknown.code], unknown.details]).toEqual([
      "NOT_FOUND",
      "Could not find any versions of model nobody",
    ]);
    await expect(states("half", "7")).rejects.toMatchObject({ details: "Could not find version 7 of model half" });
    const none = await served.failure(GetModelStatus, { model_spec: null });
    expect([status[none.code], none.details]).toEqual(["INVALID_ARGUMENT", "Missing ModelSpec"]);
  });
});

describe("HandleReloadConfigRequest", () => {
  test("replaces the set of models and answers once the new ones do", async () => {
    served = await serve([wanted("old", HALF)]);
    await serving(served.client);
    const request = reloadRequest({
      name: "模型 A",
      base_path: HALF,
      model_version_policy: { specific: { versions: ["123"] } },
    });
    const answer = await served.call(HandleReloadConfigRequest, { ...request, metric_names: ["/a/count"] });
    expect(answer.status).toEqual({ error_code: "OK", error_message: "" });
    expect(answer.metric).toEqual([
      { name: "/a/count", value_increase: "int64_value_increase", int64_value_increase: "0" },
    ]);
    expect(await states("模型 A")).toEqual(["123 AVAILABLE OK"]);
    await expect.poll(() => states("old")).toEqual(["124 END OK", "123 END OK"]);
    await served.call(HandleReloadConfigRequest, reloadRequest({ name: "old", base_path: `${MODELS}/text` }));
    expect(await states("old")).toEqual(["124 END OK", "123 END OK", "1 AVAILABLE OK"]);
  });

  test("moves labels between versions that are available", async () => {
    served = await serve([wanted("half", HALF)]);
    await serving(served.client);
    const all = { name: "half", base_path: HALF, model_version_policy: { all: {} } };
    await served.call(
      HandleReloadConfigRequest,
      reloadRequest({ ...all, version_labels: { stable: "123", canary: "124" } }),
    );
    const error = await served.failure(
      HandleReloadConfigRequest,
      reloadRequest({ ...all, version_labels: { stable: "9" } }),
    );
    expect([status[error.code], error.details]).toEqual([
      "FAILED_PRECONDITION",
      "Request to assign label to version 9 of model half, which is not currently available for inference",
    ]);
  });

  test("with the flag takes a label for a version that is yet to come, unless the label is in use", async () => {
    served = await serve([], { allowVersionLabelsForUnavailable: true });
    const all = { name: "half", base_path: HALF, model_version_policy: { all: {} } };
    await served.call(
      HandleReloadConfigRequest,
      reloadRequest({ ...all, version_labels: { stable: "123", next: "125" } }),
    );
    const moved = reloadRequest({ ...all, version_labels: { stable: "125" } });
    const error = await served.failure(HandleReloadConfigRequest, moved);
    expect(status[error.code]).toBe("FAILED_PRECONDITION");
  });

  test("fails when a new model does not become available, and names the reasons", async () => {
    served = await serve([]);
    await mkdir(join(served.scratch, "empty"));
    const request = reloadRequest(
      { name: "good", base_path: HALF },
      { name: "missing", base_path: "/nowhere/at/all" },
      { name: "empty", base_path: join(served.scratch, "empty") },
      { name: "broken", base_path: `${MODELS}/broken_graph` },
    );
    const error = await served.failure(HandleReloadConfigRequest, request);
    expect(status[error.code]).toBe("UNKNOWN");
    expect(error.details).toMatch(
      /^3 model\(s\) did not become available: \{\{\{name: missing\} due to error: NOT_FOUND: the base path \/nowhere/,
    );
    expect(error.details).toContain("{{name: empty} due to error: NOT_FOUND: its base path holds no version}, ");
    expect(error.details).toMatch(/\{\{name: broken version: 1\} due to error: [A-Z_]+: [^}]*\}, \}$/);
    expect(await states("good")).toEqual(["124 AVAILABLE OK"]);
  });

  const plain = { name: "m", base_path: "/models/m" };
  const refused: readonly { name: string; request: ReloadConfigRequest; message: string | RegExp }[] = [
    {
      name: "no config",
      request: { config: null, metric_names: [] },
      message: /Only ModelConfigList is currently supported$/,
    },
    {
      name: "a model twice",
      request: reloadRequest(plain, plain),
      message: "Illegal to list model m multiple times in config list",
    },
    {
      name: "a model without a name",
      request: reloadRequest({ ...plain, name: "" }),
      message: "Expected every model to have a name",
    },
    {
      name: "a relative path",
      request: reloadRequest({ ...plain, base_path: "models/m" }),
      message: "Expected model m to have an absolute path or URI; got base_path()=models/m",
    },
    {
      name: "a path in a bucket",
      request: reloadRequest({ ...plain, base_path: "s3://b/m" }),
      message: /mount the bucket or sync it/,
    },
    {
      name: "no platform",
      request: reloadRequest({ ...plain, model_platform: "" }),
      message: /^Illegal setting neither/,
    },
    {
      name: "another platform",
      request: reloadRequest({ ...plain, model_platform: "torch" }),
      message: "Model m requests unsupported platform torch",
    },
    {
      name: "a change of platform",
      request: reloadRequest({ name: "half", base_path: HALF, model_platform: "torch" }),
      message:
        "Illegal to change a model's platform. For model half platform was tensorflow and new platform requested is torch",
    },
  ];
  test("refuses a wrong set as a whole", async () => {
    served = await serve([wanted("half", HALF)]);
    await serving(served.client);
    for (const { name, request, message } of refused) {
      const error = await served.failure(HandleReloadConfigRequest, request);
      expect(status[error.code], name).toBe("INVALID_ARGUMENT");
      if (typeof message === "string") expect(error.details, name).toBe(message);
      else expect(error.details, name).toMatch(message);
    }
    expect(await states("half")).toEqual(["124 AVAILABLE OK", "123 AVAILABLE OK"]);
  });

  test("takes the older way to name the platform", async () => {
    served = await serve([]);
    const old = { name: "half", base_path: HALF, model_platform: "", model_type: "TENSORFLOW" };
    await served.call(HandleReloadConfigRequest, reloadRequest(old));
    expect(await states("half")).toEqual(["124 AVAILABLE OK"]);
  });
});

describe("health", () => {
  test("is SERVING, under every name, once the first models answer or have failed", async () => {
    served = await serve([wanted("half", HALF), wanted("broken", `${MODELS}/broken_graph`)]);
    await serving(served.client);
    for (const name of ["", "tensorflow.serving.PredictionService", "ModelService"]) {
      expect(await health(served, name), name).toBe("SERVING");
    }
    await expect(health(served, "nobody")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test("waits for a base path that is still to be filled no longer than for a look at it", async () => {
    served = await serve([]);
    expect(await health(served)).toBe("SERVING");
    await cp(`${HALF}/00000123`, join(served.scratch, "m/1"), { recursive: true });
    await writeFile(join(served.scratch, "note.txt"), "");
    served.worker.apply([wanted("m", join(served.scratch, "m"))]);
    await expect.poll(() => states("m")).toEqual(["1 AVAILABLE OK"]);
  });
});
