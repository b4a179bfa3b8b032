import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GrpcClient } from "../setup/grpc-client.ts";
import { MODELS, startTensorgate, type Tensorgate, withFreePorts } from "../setup/tensorgate.ts";

function config(requireClient: boolean, token = "acme-secret"): Record<string, unknown> {
  const free = withFreePorts({
    models: [
      {
        name: "half_plus_two",
        path: join(MODELS, "half_plus_two"),
        versions: { latest: 2 },
        labels: { stable: 123, canary: 124 },
      },
    ],
    clients: [
      { name: "acme", token },
      { name: "other", token: "other-secret" },
    ],
    routes: [
      { match: { model: "half_plus_two", client: "acme" }, to: [{ label: "stable" }] },
      { match: { model: "half_plus_two", client: { present: false } }, to: [{ label: "canary" }] },
      {
        match: { model: "half_plus_two" },
        split: [
          { label: "stable", weight: 1 },
          { label: "canary", weight: 1 },
        ],
        sticky: { client: true },
      },
    ],
  });
  return { ...free, server: { ...(free["server"] as object), requireClient } };
}

let gateway: Tensorgate;
let grpc: GrpcClient;
beforeAll(async () => {
  gateway = await startTensorgate(config(false));
  await gateway.ready();
  grpc = new GrpcClient(gateway.grpc);
}, 120_000);
afterAll(async () => {
  grpc.close();
  await gateway[Symbol.asyncDispose]();
});

const regress = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };

/** The status, and the version that has answered: 123 answers 4.25, 124 one more. */
async function overRest(token: string | undefined, path = "/v1/models/half_plus_two:regress"): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const isLook = !path.includes(":");
  const init = isLook ? { headers } : { method: "POST", body: JSON.stringify(regress), headers };
  const response = await fetch(`${gateway.rest}${path}`, init);
  const text = await response.text();
  if (response.status !== 200) return `${response.status} ${response.headers.get("www-authenticate")}`;
  return isLook ? "200" : `200 ${(JSON.parse(text) as { results: number[] }).results[0] === 4.25 ? 123 : 124}`;
}

const bearer = (token: string | undefined) => ({
  metadata: token === undefined ? {} : { authorization: `Bearer ${token}` },
});

async function versionOverGrpc(token: string | undefined): Promise<string> {
  const request = {
    model_spec: { name: "half_plus_two", signature_name: "serving_default" },
    inputs: { x: { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }] }, float_val: [1] } },
  };
  const answer = await grpc.call("Predict", request, bearer(token));
  return String(answer["model_spec"].version.value);
}

function outcomeOverGrpc(method: string, token: string | undefined): Promise<string> {
  return grpc.outcome(
    method,
    { model_spec: { name: "half_plus_two" }, metadata_field: ["signature_def"] },
    bearer(token),
  );
}

test("routes tell clients apart, over REST and gRPC", async () => {
  expect(await overRest("acme-secret")).toBe("200 123");
  expect(await overRest(undefined)).toBe("200 124");
  expect(await versionOverGrpc("acme-secret")).toBe("123");
  expect(await versionOverGrpc(undefined)).toBe("124");
});

test("a split that is sticky by client keeps the client's arm, over REST and gRPC", async () => {
  const first = await overRest("other-secret");
  for (let i = 0; i < 8; i++) {
    expect(await overRest("other-secret")).toBe(first);
    expect(`200 ${await versionOverGrpc("other-secret")}`).toBe(first);
  }
});

test("a wrong token is refused by every method, over REST and gRPC", async () => {
  for (const path of [
    "/v1/models/half_plus_two:regress",
    "/v1/models/half_plus_two",
    "/v1/models/half_plus_two/metadata",
    "/v1/models",
    "/v1/models/%zz",
  ]) {
    expect(await overRest("wrong", path), path).toBe("401 Bearer");
  }
  for (const method of ["Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata", "GetModelStatus"]) {
    expect(await outcomeOverGrpc(method, "wrong"), method).toBe("UNAUTHENTICATED: the token is that of no client");
  }
  expect(await grpc.outcome("HandleReloadConfigRequest", {}, bearer("wrong"))).toMatch(/^UNAUTHENTICATED/);
});

test("the log names the client, and never its token", async () => {
  await overRest("acme-secret");
  await versionOverGrpc("other-secret");
  await outcomeOverGrpc("GetModelStatus", "acme-secret");
  for (const [clientName, method] of [
    ["acme", "Regress"],
    ["other", "Predict"],
    ["acme", "GetModelStatus"],
  ]) {
    await gateway.logged((line) => line["clientName"] === clientName && line["method"] === method);
  }
  await gateway.logged((line) => line["code"] === "UNAUTHENTICATED" && line["origin"] === "client");
  expect(JSON.stringify(gateway.log)).not.toMatch(/acme-secret|other-secret/);
});

test("a changed file swaps tokens, and may close the door to everybody else", { timeout: 60_000 }, async () => {
  const next = `${gateway.configFile}.next`;
  writeFileSync(next, JSON.stringify(config(true, "new-secret")));
  renameSync(next, gateway.configFile);
  await gateway.logged((line) => line.msg === "config applied");
  expect(await overRest("acme-secret")).toBe("401 Bearer");
  expect(await overRest("new-secret")).toBe("200 123");
  expect(await overRest(undefined)).toBe("401 Bearer");
  expect(await outcomeOverGrpc("GetModelStatus", undefined)).toMatch(
    /^UNAUTHENTICATED: only known clients are answered/,
  );
  expect(await versionOverGrpc("new-secret")).toBe("123");
  for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await gateway.get(path)).status, path).toBe(200);
  expect(gateway.log.filter(({ msg }) => msg?.includes("act after a restart"))).toEqual([]);
});
