import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import recorded from "../../examples/recorded/mnist_two_signatures.json" with { type: "json" };
import { GrpcClient } from "../setup/grpc-client.ts";
import { MODELS, type Reply, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const MNIST = "mnist_two_signatures";

/** Long enough to be decoded in a thread. */
const LONG_BYTES = 5 * 2 ** 20;

let gateway: Tensorgate;
let client: GrpcClient;

beforeAll(async () => {
  gateway = await startTensorgate({
    models: [
      {
        name: "half_plus_two",
        path: join(MODELS, "half_plus_two"),
        versions: { latest: 2 },
        labels: { stable: 123, canary: 124 },
      },
      { name: MNIST, path: join(MODELS, MNIST) },
    ],
    routes: [
      { match: { model: "halver", version: "any" }, rewrite: { model: "half_plus_two" } },
      { match: { model: { prefix: "half-" } }, to: [{ model: "half_plus_two", label: "stable" }] },
      { match: { model: MNIST, signature: "old_images" }, rewrite: { signature: "predict_images" } },
      {
        match: { model: "half_plus_two", signature: "regress_x_to_y", headers: { "x-y": { prefix: "two" } } },
        rewrite: { signature: "regress_x_to_y2" },
      },
      { match: { model: "half_plus_two", headers: { "x-user": { regex: "qa-\\d+" } } }, to: [{ label: "stable" }] },
      {
        match: { model: "half_plus_two", headers: { "x-key": { present: true }, "x-off": { present: false } } },
        split: [
          { label: "stable", weight: "50%" },
          { label: "canary", weight: "50%" },
        ],
        sticky: { input: true },
      },
    ],
  });
  await gateway.ready();
  client = new GrpcClient(gateway.grpc);
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
});

async function regress(body: object, headers: Record<string, string> = {}, model = "half_plus_two"): Promise<number> {
  const response = await fetch(`${gateway.rest}/v1/models/${model}:regress`, {
    method: "POST",
    body: JSON.stringify(body),
    headers,
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return (JSON.parse(text) as { results: number[] }).results[0] as number;
}

const y2 = (x: number): object => ({ signature_name: "regress_x_to_y2", examples: [{ x: [x] }] });

/** What its answer is to half of an odd number, less the half of that: 3 of version 123, 4 of 124. */
async function constantOf(index: number, headers: Record<string, string>): Promise<number> {
  const x = index + 0.5;
  return (await regress(y2(x), headers)) - x / 2;
}

/** Version 123 answers 4.25 to 2.5, version 124 one more. */
const versionOf = (answer: number): number => (answer === 4.25 ? 123 : 124);

const tensor = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }] }, float_val: [2] };

describe("a model's name", () => {
  test("may be one that only a route knows, over REST and gRPC", async () => {
    expect((await gateway.predict("halver", { instances: [1, 2, 5] })).json).toEqual({ predictions: [2.5, 3, 4.5] });
    const request = { model_spec: { name: "halver" }, inputs: { x: tensor } };
    const answer = await client.call("Predict", request);
    expect(answer["model_spec"]).toMatchObject({ name: "half_plus_two", version: { value: "124" } });
    expect(answer["outputs"].y.float_val).toEqual([3]);
  });

  test("goes with the version that was asked for, where the route takes any", async () => {
    expect(versionOf(await regress(y2(2.5), {}, "halver/versions/123"))).toBe(123);
    expect(versionOf(await regress(y2(2.5), {}, "halver/labels/canary"))).toBe(124);
    expect(versionOf(await regress(y2(2.5), {}, "halver"))).toBe(124);
  });

  test("may match by how it begins", async () => {
    expect(versionOf(await regress(y2(2.5), {}, "half-anything"))).toBe(123);
    expect((await gateway.predict("hal-anything", { instances: [1] })).status).toBe(404);
  });

  test("is counted as the model's that answered", async () => {
    await gateway.predict("halver", { instances: [1] });
    expect((await gateway.get("/metrics")).text).toMatch(/tensorgate_requests_total\{.*model="half_plus_two".*\} \d+/);
  });
});

describe("a signature's name", () => {
  const one = recorded.cases[0] as (typeof recorded.cases)[number];
  const images = { ...one.request, signature_name: "old_images" };

  test("is rewritten for Predict, in the request's own form", async () => {
    const plain = await gateway.predict(MNIST, one.request);
    expect(plain.status).toBe(200);
    const { status, json } = await gateway.predict(MNIST, images);
    expect({ status, json }).toEqual({ status: 200, json: plain.json });
  });

  test("is rewritten in a body that a thread decodes", async () => {
    const [image] = (one.request.inputs as { images: number[][] }).images;
    const copies = Math.ceil(LONG_BYTES / JSON.stringify(image).length);
    const inputs = { ...one.request.inputs, images: Array.from({ length: copies }, () => image) };
    const reply: Reply = await gateway.predict(MNIST, { signature_name: "old_images", inputs });
    expect(reply.status, reply.text.slice(0, 200)).toBe(200);
    expect(reply.json.outputs).toHaveLength(copies);
  });

  test("is rewritten for a gRPC message, whose other fields stay", async () => {
    const request = {
      model_spec: { name: "half_plus_two", signature_name: "regress_x_to_y" },
      input: { example_list: { examples: [{ features: { feature: { x: { float_list: { value: [2.5] } } } } }] } },
    };
    const one = await client.call("Regress", request);
    expect(one["result"].regressions[0].value).toBe(3.25);
    const two = await client.call("Regress", request, { metadata: { "x-y": "two please" } });
    expect(two["result"].regressions[0].value).toBe(5.25);
    expect(two["model_spec"].signature_name).toBe("regress_x_to_y2");
  });

  test("is rewritten for some of many calls at once, and each gets its own answer", async () => {
    const calls = Array.from({ length: 200 }, async (_, i) => {
      const isRewritten = i % 2 === 0;
      const body = { signature_name: "regress_x_to_y", examples: [{ x: [i + 0.5] }] };
      const got = await regress(body, isRewritten ? { "x-y": "two" } : {});
      expect(got).toBe((i + 0.5) / 2 + (isRewritten ? 4 : 2));
    });
    await Promise.all(calls);
  });
});

describe("headers", () => {
  test("match by a regular expression of the whole value", async () => {
    expect(versionOf(await regress(y2(2.5), { "x-user": "qa-17" }))).toBe(123);
    expect(versionOf(await regress(y2(2.5), { "x-user": "qa-17b" }))).toBe(124);
  });

  test("match by being there or not", async () => {
    const got = new Set<number>();
    for (let i = 0; i < 20; i++) got.add(await constantOf(i, { "x-key": "" }));
    expect(got).toEqual(new Set([3, 4]));
    for (let i = 0; i < 20; i++) expect(await constantOf(i, { "x-key": "k", "x-off": "" })).toBe(4);
  });
});

describe("an arm by the input", () => {
  test("is the same for equal requests, over REST and over gRPC", async () => {
    const arms = new Set<number>();
    for (let x = 0; x < 16; x++) {
      const got = await Promise.all(Array.from({ length: 6 }, () => constantOf(x, { "x-key": "k" })));
      expect(new Set(got).size).toBe(1);
      arms.add(got[0] as number);
    }
    expect(arms).toEqual(new Set([3, 4]));

    const versions = new Set<string>();
    for (let x = 0; x < 16; x++) {
      const inputs = { x: { ...tensor, float_val: [x] } };
      const ask = async (): Promise<string> => {
        const request = { model_spec: { name: "half_plus_two" }, inputs };
        const answer = await client.call("Predict", request, { metadata: { "x-key": "k" } });
        return answer["model_spec"].version.value as string;
      };
      const got = new Set(await Promise.all(Array.from({ length: 6 }, ask)));
      expect(got.size).toBe(1);
      for (const version of got) versions.add(version);
    }
    expect(versions).toEqual(new Set(["123", "124"]));
  });
});
