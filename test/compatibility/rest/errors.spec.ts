import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../core/index.ts";
import { httpStatus } from "../../../gateway/rest/status.ts";
import { ROOT } from "../../setup/tensorgate.ts";
import { holds, modelsNamed, predict, sharedGateway } from "./cases.ts";

const gateway = sharedGateway({
  server: { rest: { port: 0, timeout: "400ms" } },
  workers: { count: 1, load: { retries: 0 } },
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({ ...model, labels: { stable: 124 } })),
    ...modelsNamed("failing", "outputs", "strings", "slow", "mnist_two_signatures"),
    ...modelsNamed("broken_graph").map((model) => ({ ...model, labels: { gone: 1 } })),
    { name: "missing", path: join(ROOT, "test/data/models/no_such_folder") },
  ],
});

const ROWS = '{"instances": [1.0]}';
const post = (path: string, body = ROWS) => ({ path: `/v1/models/${path}`, body });
const get = (path: string) => ({ path: `/v1/models/${path}` });
const failing = (signature: string) => predict("failing", `{"signature_name": "${signature}", "instances": [1.0]}`);

const named = (signature: string, members: string) => `{"signature_name": "${signature}", ${members}}`;

describe("the body of an error", () => {
  holds(gateway, [
    {
      name: "is an object with the bare message",
      request: get("half_plus_two/status"),
      status: 400,
      text: '{\n    "error": "Malformed request: GET /v1/models/half_plus_two/status"\n}',
    },
    {
      name: "escapes only what has to be",
      request: predict("half_plus_two", String.raw`{"signature_name": "a\"b\\c/d\u0001é", "instances": [1]}`),
      status: 400,
      error: 'Serving signature name: "a"b\\c/d\u0001é" not found in signature def',
    },
  ]);
});

describe("models, versions and labels", () => {
  holds(gateway, [
    ...["predict", "classify", "regress"].map((verb) => ({
      request: post(`nobody:${verb}`, '{"instances": [1.0], "examples": [{}]}'),
      status: 404,
      error: "Servable not found for request: Latest(nobody)",
    })),
    { request: get("nobody/metadata"), status: 404, error: "Servable not found for request: Latest(nobody)" },
    {
      request: post("nobody/versions/7:predict"),
      status: 404,
      error: "Servable not found for request: Specific(nobody, 7)",
    },
    {
      request: post("half_plus_two/versions/7:predict"),
      status: 404,
      error: "Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      request: get("half_plus_two/versions/7/metadata"),
      status: 404,
      error: "Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      name: "a version on disk that is not wanted",
      request: post("half_plus_two/versions/123:predict"),
      status: 404,
      error: "Servable not found for request: Specific(half_plus_two, 123)",
    },
    {
      name: "a label of a version that is not there",
      request: post("broken_graph/labels/gone:predict"),
      status: 404,
      error: "Servable not found for request: Specific(broken_graph, 1)",
    },
    ...["predict", "classify", "regress"].map((verb) => ({
      request: post(`half_plus_two/labels/beta:${verb}`, '{"instances": [1.0], "examples": [{}]}'),
      status: 400,
      error: "Unrecognized servable version label: beta",
    })),
    {
      request: get("half_plus_two/labels/beta/metadata"),
      status: 400,
      error: "Unrecognized servable version label: beta",
    },
    { request: post("nobody/labels/beta:predict"), status: 400, error: "Unrecognized servable version label: beta" },
    { request: get("nobody"), status: 404, error: "Could not find any versions of model nobody" },
    { request: get("nobody/versions/7"), status: 404, error: "Could not find version 7 of model nobody" },
    { request: get("half_plus_two/versions/7"), status: 404, error: "Could not find version 7 of model half_plus_two" },
    {
      name: "a model that cannot be loaded",
      request: post("broken_graph:predict"),
      status: 404,
      error: "Servable not found for request: Latest(broken_graph)",
    },
    {
      name: "a model that is nowhere",
      request: post("missing:predict"),
      status: 404,
      error: "Servable not found for request: Latest(missing)",
    },
    {
      name: "the status of a model that is nowhere",
      request: get("missing"),
      status: 404,
      error: "Could not find any versions of model missing",
    },
  ]);
});

describe("signatures", () => {
  holds(gateway, [
    {
      request: predict("half_plus_two", named("x", '"instances": [1]')),
      status: 400,
      error: 'Serving signature name: "x" not found in signature def',
    },
    {
      name: "the default, where there is none",
      request: predict("failing", ROWS),
      status: 400,
      error: 'Serving signature name: "serving_default" not found in signature def',
    },
    {
      request: post("half_plus_two:classify", named("x", '"examples": [{}]')),
      status: 400,
      error: "No signature was found with the name: x",
    },
    {
      request: post("half_plus_two:regress", named("x", '"examples": [{}]')),
      status: 400,
      error: "No signature was found with the name: x",
    },
    {
      name: "no inputs",
      request: predict("strings", named("kept", '"inputs": {}')),
      status: 400,
      error: "Failed to get input map for signature: kept",
    },
  ]);
});

describe("the graph's own code is the answer's", () => {
  holds(gateway, [
    {
      request: failing("invalid_argument"),
      status: 400,
      error: "indices = 7 is not in [0, 1)\n\t [[{{node gathered}}]]",
    },
    { request: failing("failed_precondition"), status: 400, error: "Could not find variable unset." },
    { request: failing("out_of_range"), status: 400, error: "End of sequence\n\t [[{{node IteratorGetNext}}]]" },
    { request: failing("not_found"), status: 404, error: "/no/such/file; No such file or directory" },
    { request: failing("cancelled"), status: 499, error: "FIFOQueue 'queue' is closed." },
    { request: failing("data_loss"), status: 500, error: "inflate() failed with error -3: incorrect header check" },
    {
      name: "a dtype that the graph does not take",
      request: predict("outputs", '{"signature_name": "lies", "instances": [1]}'),
      status: 400,
      error: "Expects arg[0] to be float but int32 is provided",
    },
    {
      name: "a shape that the graph does not take",
      request: predict(
        "mnist_two_signatures",
        '{"signature_name": "predict_images", "inputs": {"images": [[0, 0]], "keep_prob": 1.0}}',
      ),
      status: 400,
      error: "Matrix size-incompatible: In[0]: [1,2], In[1]: [64,",
    },
    {
      name: "a run that outlasts --rest_api_timeout_in_ms",
      request: predict("slow", '{"inputs": {"x": 1, "ms": 5000}}'),
      status: 504,
      error: "Timed out waiting for notification",
    },
  ]);
});

describe("every code has its HTTP status", () => {
  const map: Readonly<Record<ErrorCode, number>> = {
    CANCELLED: 499,
    UNKNOWN: 500,
    INVALID_ARGUMENT: 400,
    DEADLINE_EXCEEDED: 504,
    NOT_FOUND: 404,
    ALREADY_EXISTS: 409,
    PERMISSION_DENIED: 403,
    RESOURCE_EXHAUSTED: 429,
    FAILED_PRECONDITION: 400,
    ABORTED: 409,
    OUT_OF_RANGE: 400,
    UNIMPLEMENTED: 501,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    DATA_LOSS: 500,
    UNAUTHENTICATED: 401,
  };
  for (const [code, status] of Object.entries(map)) {
    test(`${code}: ${status}`, () => expect(httpStatus(code as ErrorCode)).toBe(status));
  }
});

describe("the order of checks", () => {
  const bad = '{"signature_name": 5, "instances": "no", "examples": 7}';
  holds(gateway, [
    { name: "URL before body", request: post("nobody:ask", ""), status: 400, error: "Malformed request" },
    {
      name: "JSON before model",
      request: post("nobody:predict", ""),
      status: 400,
      error: "JSON Parse error: The document is empty",
    },
    {
      name: "an object before model",
      request: post("nobody:predict", "[]"),
      status: 400,
      error: "JSON Value: [] Is not object",
    },
    { name: "signature_name before model", request: post("nobody:predict", bad), status: 400, error: "JSON Value: " },
    {
      name: "model before signature",
      request: post("nobody:predict", '{"signature_name": "x"}'),
      status: 404,
      error: "Servable not found",
    },
    {
      name: "signature before instances",
      request: post("half_plus_two:predict", '{"signature_name": "x", "instances": 1}'),
      status: 400,
      error: "Serving signature name",
    },
    {
      name: "no inputs before instances",
      request: predict("strings", '{"signature_name": "kept"}'),
      status: 400,
      error: "Failed to get input map for signature: kept",
    },
    {
      name: "examples before model",
      request: post("nobody:classify", "{}"),
      status: 400,
      error: "JSON Value: {} When method is classify, key 'examples' is expected and was not found",
    },
    {
      name: "each example before model",
      request: post("nobody:regress", '{"examples": [{}, 5]}'),
      status: 400,
      error: "Example must be JSON object but got JSON Number",
    },
    {
      name: "inputs before the run",
      request: predict("failing", '{"signature_name": "data_loss", "instances": ["x"]}'),
      status: 400,
      error: "Failed to process element: 0 of 'instances' list",
    },
  ]);
});

test("a long message is not cut over REST", async () => {
  const name = "x".repeat(5_000);
  const reply = await gateway().post(
    "/v1/models/half_plus_two:predict",
    `{"signature_name": "${name}", "instances": [1]}`,
  );
  expect(reply.status).toBe(400);
  expect(reply.json.error).toContain(`Serving signature name: "${name}" not found in signature def`);
});
