import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { exchange } from "../../setup/http.ts";
import { startTensorgate } from "../../setup/tensorgate.ts";
import { holds, modelsNamed, predict, type RestCase, sharedGateway } from "./cases.ts";

/** What differs from the reference on purpose, without being asked. */
const MODELS = modelsNamed("half_plus_two", "every_dtype", "outputs", "strings", "features");
const byDefault = sharedGateway({
  models: MODELS.map((model) => (model.name === "half_plus_two" ? { ...model, labels: { stable: 124 } } : model)),
});

const outputs = (signature: string, members: string) =>
  predict("outputs", `{"signature_name": "${signature}", ${members}}`);
const dtype = (name: string, value: string) =>
  predict("every_dtype", `{"signature_name": "${name}", "inputs": ${value}}`);

describe("what the reference lacks", () => {
  holds(byDefault, [
    { name: "a list of models", request: { path: "/v1/models" }, json: { models: MODELS.map(({ name }) => name) } },
    {
      name: "a query is passed over",
      request: { path: "/v1/models/half_plus_two:predict?x=1", body: '{"instances": [1]}' },
      json: { predictions: [2.5] },
    },
    {
      name: "a query is quoted where the path is",
      request: { path: "/v1/models/half_plus_two:ask?x=1", body: "" },
      status: 400,
      error: "Malformed request: POST /v1/models/half_plus_two:ask?x=1",
    },
    { name: "half is read and written", request: dtype("half", "[0.5]"), json: { outputs: [0.5] } },
    { name: "bfloat16 is read and written", request: dtype("bfloat16", "[0.5]"), json: { outputs: [0.5] } },
    { name: "uint16 is read and written", request: dtype("uint16", "[65535]"), json: { outputs: [65535] } },
    ...[
      ["int8", "128", "(-128 to 127)"],
      ["uint8", "-1", "(0 to 255)"],
      ["int16", "32768", "(-32768 to 32767)"],
    ].map(
      ([name = "", value = "", range]): RestCase => ({
        name: `${name} ${value} is refused, not wrapped`,
        request: dtype(name, value),
        status: 400,
        error: `JSON Value: ${value} Type: Number is not of expected type: ${name} ${range}`,
      }),
    ),
  ]);

  test("a configured model that is still loading is 503 with Retry-After, an unknown one 404", async () => {
    await using gateway = await startTensorgate({ models: modelsNamed("half_plus_two") });
    const ask = (model: string) => exchange(gateway.rest, predict(model, '{"instances": [1]}'));
    const loading = await ask("half_plus_two");
    expect(loading.status).toBe(503);
    expect(loading.headers["retry-after"]).toMatch(/^\d+$/);
    expect(loading.text).toContain("Servable not found for request: Latest(half_plus_two)");
    expect((await ask("nobody")).status).toBe(404);
  });
});

describe("messages tell what was expected", () => {
  holds(byDefault, [
    {
      name: "a missing input",
      request: outputs("three", '"inputs": {"x": 1, "s": "a"}'),
      status: 400,
      json: {
        error: `Missing named input: n in 'inputs' object.; "three" takes n: int64 of any shape, s: string of any shape, x: float of any shape`,
      },
    },
    {
      name: "a wrong type",
      request: predict("half_plus_two", '{"inputs": "a"}'),
      status: 400,
      json: {
        error: 'JSON Value: "a" Type: String is not of expected type: float; "serving_default" takes x: float [-1,1]',
      },
    },
    {
      name: "an unknown signature",
      request: predict("half_plus_two", '{"signature_name": "x", "inputs": 1}'),
      status: 400,
      json: {
        error:
          'Serving signature name: "x" not found in signature def; the model has "classify_x_to_y", "regress_x2_to_y3", "regress_x_to_y", "regress_x_to_y2", "serving_default"',
      },
    },
    {
      name: "an unknown signature of examples",
      request: { path: "/v1/models/half_plus_two:regress", body: '{"signature_name": "x", "examples": [{}]}' },
      status: 400,
      json: {
        error:
          'No signature was found with the name: x; the model has "classify_x_to_y", "regress_x2_to_y3", "regress_x_to_y", "regress_x_to_y2", "serving_default"',
      },
    },
    {
      request: predict("half_plus_too", '{"instances": [1]}'),
      status: 404,
      json: { error: 'Servable not found for request: Latest(half_plus_too) (did you mean "half_plus_two"?)' },
    },
    {
      request: { path: "/v1/models/half-plus-two" },
      status: 404,
      json: { error: 'Could not find any versions of model half-plus-two (did you mean "half_plus_two"?)' },
    },
    {
      request: { path: "/v1/models/half_plus_two/labels/stabel:predict", body: '{"instances": [1]}' },
      status: 400,
      json: { error: 'Unrecognized servable version label: stabel (did you mean "stable"?)' },
    },
    {
      request: predict("nobody", '{"instances": [1]}'),
      status: 404,
      json: { error: "Servable not found for request: Latest(nobody)" },
    },
  ]);

  test("a shape that the graph refuses is told with the signature's", async () => {
    const reply = await byDefault().post(
      "/v1/models/features:predict",
      '{"signature_name": "flat", "inputs": [["a"]]}',
    );
    expect(reply.status).toBe(400);
    expect(reply.json.error).toMatch(/ParseExample.*; "flat" takes inputs: string \[-1\]$/s);
  });
});

describe("output_filter chooses outputs", () => {
  const rows = '"instances": [{"x": 1, "n": 2, "s": "a"}]';
  holds(byDefault, [
    {
      name: "one, without its name",
      request: outputs("three", `${rows}, "output_filter": ["n"]`),
      json: { predictions: [2] },
    },
    {
      name: "some",
      request: outputs("three", `"output_filter": ["n", "x"], ${rows}`),
      json: { predictions: [{ x: 1, n: 2 }] },
    },
    {
      name: "in columns",
      request: outputs("three", '"inputs": {"x": 1, "n": 2, "s": "a"}, "output_filter": ["n", "x"]'),
      json: { outputs: { x: 1, n: 2 } },
    },
    {
      name: "an empty list is all",
      request: outputs("mixed", '"inputs": 1, "output_filter": []'),
      json: { outputs: { y: 1, sum: 1 } },
    },
    {
      name: "rows of a signature that also has a scalar",
      request: outputs("mixed", '"instances": [1, 2], "output_filter": ["y"]'),
      json: { predictions: [1, 2] },
    },
    {
      name: "an output that is not there",
      request: outputs("mixed", '"inputs": 1, "output_filter": ["z"]'),
      status: 400,
      error: "output tensor alias not found in signature: z Outputs expected to be in the set {sum,y}.",
    },
    {
      name: "one twice",
      request: outputs("mixed", '"inputs": 1, "output_filter": ["y", "y"]'),
      status: 400,
      error: "duplicate output tensor alias: y",
    },
    {
      name: "no list of strings",
      request: outputs("mixed", '"inputs": 1, "output_filter": "y"'),
      status: 400,
      error: "JSON Value: {",
    },
  ]);
});

describe("compressed answers", () => {
  const long = { ...predict("outputs", `{"instances": [${"0.25, ".repeat(1000)}0.5]}`) };
  const answer = { predictions: [...Array.from({ length: 1000 }, () => 0.25), 0.5] };
  for (const [accept, encoding, decode] of [
    ["gzip, deflate", "gzip", gunzipSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
  ] as const) {
    test(`Accept-Encoding: ${accept} gets ${encoding}`, async () => {
      const reply = await exchange(byDefault().rest, { ...long, headers: { "accept-encoding": accept } });
      expect(reply.headers).toMatchObject({ "content-encoding": encoding, vary: "Accept-Encoding" });
      expect(reply.headers["content-length"]).toBe(String(reply.bytes.length));
      expect(JSON.parse(decode(reply.bytes).toString())).toEqual(answer);
    });
  }
  holds(byDefault, [
    { name: "nobody asks", request: long, json: answer, headers: { "content-encoding": null } },
    {
      name: "a short answer is not worth it",
      request: { ...predict("half_plus_two", '{"instances": [1]}'), headers: { "accept-encoding": "gzip" } },
      json: { predictions: [2.5] },
      headers: { "content-encoding": null },
    },
  ]);
});
