import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MODELS, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const ODD_NAME = "模型/a:b %";

let gateway: Tensorgate;

beforeAll(async () => {
  gateway = await startTensorgate({
    server: { rest: { port: 0, maxBytes: "1MiB" } },
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all", labels: { stable: 123 } },
      { name: "mnist_two_signatures", path: join(MODELS, "mnist_two_signatures") },
      { name: ODD_NAME, path: join(MODELS, "linear") },
    ],
  });
  await gateway.ready();
});
afterAll(() => gateway[Symbol.asyncDispose]());

test("lists its models, their versions and their signatures", async () => {
  expect((await gateway.get("/v1/models")).json).toEqual({
    models: ["half_plus_two", "mnist_two_signatures", ODD_NAME],
  });
  const status = (await gateway.get("/v1/models/half_plus_two")).json;
  const ok = { error_code: "OK", error_message: "" };
  expect(status).toEqual({
    model_version_status: [
      { version: "124", state: "AVAILABLE", status: ok },
      { version: "123", state: "AVAILABLE", status: ok },
    ],
  });
  const metadata = (await gateway.get("/v1/models/half_plus_two/metadata")).json;
  expect(metadata.model_spec).toEqual({ name: "half_plus_two", signature_name: "", version: "124" });
  expect(metadata.metadata.signature_def.signature_def.serving_default.inputs.x.dtype).toBe("DT_FLOAT");
});

test("any text names a model", async () => {
  const reply = await gateway.predict(encodeURIComponent(ODD_NAME), { instances: [[1, 1, 1, 1]] });
  expect(reply.status, reply.text).toBe(200);
});

const PREDICT = "/v1/models/half_plus_two:predict";
for (const { name, path, body, status, holds } of [
  { name: "an empty body", path: PREDICT, body: "", status: 400, holds: "JSON Parse error: The document is empty" },
  { name: "a body that is not JSON", path: PREDICT, body: "{instances}", status: 400, holds: "JSON Parse error: " },
  { name: "no instances", path: PREDICT, body: "{}", status: 400, holds: "Missing 'inputs' or 'instances' key" },
  {
    name: "a ragged list",
    path: PREDICT,
    body: '{"instances": [[1, 2], [3]]}',
    status: 400,
    holds: "Expecting tensor size: 2 but got: 1",
  },
  {
    name: "text for a number",
    path: PREDICT,
    body: '{"instances": ["a"]}',
    status: 400,
    holds: "is not of expected type: float",
  },
  {
    name: "a missing input",
    path: "/v1/models/mnist_two_signatures:predict",
    body: '{"signature_name": "predict_images", "inputs": {"images": [[0]]}}',
    status: 400,
    holds: "Missing named input: keep_prob in 'inputs' object.",
  },
  {
    name: "a shape that only the graph refuses",
    path: "/v1/models/mnist_two_signatures:predict",
    body: '{"signature_name": "predict_images", "inputs": {"images": [[0, 0]], "keep_prob": 1.0}}',
    status: 400,
    holds: "Matrix size-incompatible",
  },
  {
    name: "an unknown model",
    path: "/v1/models/nobody:predict",
    body: '{"instances": [1]}',
    status: 404,
    holds: "Servable not found for request: Latest(nobody)",
  },
  {
    name: "an unknown version",
    path: "/v1/models/half_plus_two/versions/7:predict",
    body: '{"instances": [1]}',
    status: 404,
    holds: "Servable not found for request: Specific(half_plus_two, 7)",
  },
  {
    name: "an unknown label",
    path: "/v1/models/half_plus_two/labels/x:predict",
    body: '{"instances": [1]}',
    status: 400,
    holds: "Unrecognized servable version label: x",
  },
  {
    name: "an unknown signature",
    path: PREDICT,
    body: '{"signature_name": "x", "instances": [1]}',
    status: 400,
    holds: 'Serving signature name: "x" not found in signature def',
  },
  {
    name: "an unknown verb",
    path: "/v1/models/half_plus_two:ask",
    body: "{}",
    status: 400,
    holds: "Malformed request: POST /v1/models/half_plus_two:ask",
  },
]) {
  test(`${name} is ${status} with a reason`, async () => {
    const reply = await gateway.post(path, body);
    expect(reply.status).toBe(status);
    expect(reply.json.error).toContain(holds);
  });
}

test("numbers that JSON lacks come and go", async () => {
  const reply = await gateway.post(PREDICT, '{"instances": [NaN, -Infinity, 1.0]}');
  expect(reply.status).toBe(200);
  expect(reply.text.replaceAll(/\s+/g, "")).toBe('{"predictions":[NaN,-Infinity,2.5]}');
});

test("a body over the limit is 413 before it has all been read", async () => {
  const { hostname, port } = new URL(gateway.rest);
  const socket = connect(Number(port), hostname);
  socket.write(`POST ${PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-length: ${2 ** 30}\r\n\r\n{"instances": [`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
});

test("nothing of that has ended a worker", async () => {
  expect(gateway.workerPids()).toHaveLength(1);
  expect(gateway.log.filter((line) => line.msg === "worker died")).toEqual([]);
});

test("health, root and metrics answer", async () => {
  expect((await gateway.get("/healthz")).status).toBe(200);
  expect((await gateway.get("/readyz")).status).toBe(200);
  expect((await gateway.get("/")).status).toBe(404);
  const metrics = (await gateway.get("/metrics")).text;
  expect(metrics).toMatch(/tensorgate_requests_total\{[^}]*model="half_plus_two"[^}]*version="124"[^}]*\} \d+/);
});
