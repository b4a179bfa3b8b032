import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import mnist from "../../examples/recorded/mnist_two_signatures.json" with { type: "json" };
import { GrpcClient } from "../setup/grpc-client.ts";
import { type Asked, type Outcome, predictGrpc, predictRest } from "../setup/predict-both.ts";
import { MODELS, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const MNIST = { model: "mnist_two_signatures", signature: "predict_images" };

/** By the model that asks for it, which need not be there itself. */
const CHAINS = {
  /** x/2 + 2 of what linear gives. */
  scored: [{ model: "linear" }, { model: "half_plus_two", inputs: { x: "output_0" } }],
  twice: [{ model: "half_plus_two" }, { model: "half_plus_two", version: 123, inputs: { x: "y" } }],
  /** The first step's input has another name in the request, and the second one takes what the request has for it. */
  both: [{ model: "half_plus_two", inputs: { x: "age" } }, { model: "linear" }],
  pictures: [{ model: "linear" }, MNIST],
  /** The latest output of a name counts: y is the second step's. */
  thrice: [
    { model: "half_plus_two" },
    { model: "half_plus_two", inputs: { x: "y" } },
    { model: "half_plus_two", inputs: { x: "y" } },
  ],
  lacking: [{ model: "half_plus_two" }, { model: "linear", inputs: { features: "rows" } }],
  typed: [{ model: "linear" }, { model: "textcnn", signature: "predict_categories", inputs: { texts: "output_0" } }],
  shaped: [{ model: "half_plus_two" }, { ...MNIST, inputs: { images: "y" } }],
  gone: [{ model: "half_plus_two" }, { model: "half_plus_two", version: 7, inputs: { x: "y" } }],
} as const;

let gateway: Tensorgate;
let client: GrpcClient;

beforeAll(async () => {
  gateway = await startTensorgate({
    models: ["half_plus_two", "linear", "textcnn", MNIST.model].map((name) => {
      return { name, path: join(MODELS, name), versions: { latest: 2 } };
    }),
    routes: [
      {
        name: "with fallback",
        match: { model: "gone", headers: { "x-fallback": "1" } },
        chain: CHAINS.gone,
        fallback: [{ model: "half_plus_two", version: 124 }],
      },
      ...Object.entries(CHAINS).map(([model, chain]) => ({ name: `${model} route`, match: { model }, chain })),
    ],
  });
  await gateway.ready();
  client = new GrpcClient(gateway.grpc);
}, 90_000);

afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
});

const FEATURES = [0.5, 1, -2, 3, 4, 0, 1, 2.5];
const OF_TWO_ROWS = { features: [2, 4] };

for (const { edge, predict } of [
  { edge: "REST", predict: (asked: Asked): Promise<Outcome> => predictRest(gateway, asked) },
  { edge: "gRPC", predict: (asked: Asked): Promise<Outcome> => predictGrpc(client, asked) },
]) {
  const output = async (asked: Asked): Promise<readonly number[]> => {
    const { outcome, outputs } = await predict(asked);
    expect(outcome).toBe("OK");
    return Object.values(outputs)[0] as readonly number[];
  };

  describe(`over ${edge} a chain`, () => {
    test("gives one model's output to the next one, row by row", async () => {
      const features = { inputs: { features: FEATURES }, shapes: OF_TWO_ROWS };
      const alone = await output({ model: "linear", ...features });
      expect(alone.length).toBe(2);
      const scored = await output({ model: "scored", ...features });
      for (const [row, value] of alone.entries()) expect(scored[row]).toBeCloseTo(value / 2 + 2, 5);
    });

    test("is answered by its last step's version", async () => {
      const { outputs, version, arm } = await predict({ model: "twice", inputs: { x: [1, 2, 5] } });
      expect(Object.values(outputs)).toEqual([[3.25, 3.5, 4.25]]);
      expect({ version, arm }).toEqual({ version: "123", arm: undefined });
    });

    test("takes the latest output of a name", async () => {
      expect(await output({ model: "thrice", inputs: { x: [8] } })).toEqual([4.5]);
    });

    test("gives later steps what only the request has, and the first one not", async () => {
      const features = { inputs: { age: [1, 2], features: FEATURES }, shapes: OF_TWO_ROWS };
      const alone = await output({ model: "linear", inputs: { features: FEATURES }, shapes: OF_TWO_ROWS });
      expect(await output({ model: "both", ...features })).toEqual(alone);
      const picture = mnist.cases.find(({ signature }) => signature === MNIST.signature)?.inputs;
      const recorded = Object.entries(picture ?? {}) as [
        string,
        { readonly shape: number[]; readonly values: number[] },
      ][];
      const inputs = Object.fromEntries(recorded.map(([name, { values }]) => [name, values]));
      const shapes = Object.fromEntries(recorded.map(([name, { shape }]) => [name, shape]));
      const pictures = { inputs, shapes };
      expect(
        await output({
          model: "pictures",
          inputs: { ...inputs, features: FEATURES },
          shapes: { ...shapes, ...OF_TWO_ROWS },
        }),
      ).toEqual(await output({ ...MNIST, ...pictures }));
    });

    test("that lacks an input names it, and what there is", async () => {
      const { outcome } = await predict({ model: "lacking", inputs: { x: [1] } });
      expect(outcome).toMatch(
        /^(400|INVALID_ARGUMENT): step 2 \(model "linear"\) wants "rows" for its input "features"; there is "x" \(request\), "y" \(step 1\)$/,
      );
    });

    test("whose types don't fit names both", async () => {
      const { outcome } = await predict({ model: "typed", inputs: { features: FEATURES }, shapes: OF_TWO_ROWS });
      expect(outcome).toMatch(
        /^(400|INVALID_ARGUMENT): step 2 \(model "textcnn"\): output "output_0" of step 1 \(model "linear"\) is float \[2,1\], input "texts" of step 2 \(model "textcnn"\) takes int32 \[-1,24\]$/,
      );
    });

    test("whose shapes don't fit says what the model says, and names both", async () => {
      const inputs = { x: [1, 2], keep_prob: [1] };
      const { outcome } = await predict({ model: "shaped", inputs, shapes: { x: [2, 1], keep_prob: [] } });
      expect(outcome).toMatch(
        /^(400|INVALID_ARGUMENT): step 2 \(model "mnist_two_signatures"\): [^]+; output "y" of step 1 /,
      );
      expect(outcome).toMatch(
        / is float \[2,1\], input "images" of step 2 \(model "mnist_.*"\) takes float \[-1,64\]$/,
      );
    });

    test("with a step that is not there is unavailable, or answered by the fallback", async () => {
      const { outcome } = await predict({ model: "gone", inputs: { x: [1] } });
      expect(outcome).toMatch(/^(503|UNAVAILABLE): step 2 \(model "half_plus_two"\): Servable not found/);
      const fallback = await predict({ model: "gone", inputs: { x: [1] }, headers: { "x-fallback": "1" } });
      expect(fallback).toMatchObject({ outcome: "OK", version: "124", arm: "124" });
    });
  });
}

async function post(path: string, body: unknown): Promise<unknown> {
  return (await gateway.post(path, body)).json;
}

test("a request in rows is answered in rows, and may have what only a later step wants", async () => {
  expect(await post("/v1/models/twice:predict", { instances: [1, 2, 5] })).toEqual({
    predictions: [3.25, 3.5, 4.25],
  });
  const rows = [FEATURES.slice(0, 4), FEATURES.slice(4)];
  const alone = await post("/v1/models/linear:predict", { instances: rows });
  const instances = rows.map((features, age) => ({ age, features }));
  expect(await post("/v1/models/both:predict", { instances })).toEqual(alone);
});

test("a long body goes through the same way", async () => {
  const padding = "x".repeat(2 ** 22 + 1);
  const rows = [FEATURES.slice(0, 4), FEATURES.slice(4)];
  const alone = await post("/v1/models/linear:predict", { instances: rows });
  const instances = rows.map((features, age) => ({ age, features }));
  expect(await post("/v1/models/both:predict", { padding, instances })).toEqual(alone);
  expect(await post("/v1/models/twice:predict", { padding, instances: [1, 2] })).toEqual({ predictions: [3.25, 3.5] });
  expect(await post("/v1/models/lacking:predict", { padding, instances: [1] })).toEqual({
    error: 'step 2 (model "linear") wants "rows" for its input "features"; there is "x" (request), "y" (step 1)',
  });
});

function filtered(output: string): object {
  return {
    model_spec: { name: "twice" },
    inputs: { x: { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }] }, float_val: [1] } },
    output_filter: [output],
  };
}

test("a filter of outputs is for the last step", async () => {
  const { answer } = await client.told("Predict", filtered("y"));
  expect(answer["outputs"].y.float_val).toEqual([3.25]);
  const wrong = await client.told("Predict", filtered("nothing"));
  expect(wrong.outcome).toMatch(/^INVALID_ARGUMENT: step 2 \(model "half_plus_two"\): .*nothing/);
});

test("a message of the wrong kind of input is the first model's to refuse", async () => {
  const request = { model_spec: { name: "twice" }, inputs: { z: { dtype: "DT_FLOAT", float_val: [1] } } };
  const { outcome } = await client.told("Predict", request);
  const alone = await client.told("Predict", { ...request, model_spec: { name: "half_plus_two" } });
  expect(outcome).toBe(alone.outcome);
});

test("only Predict goes through", async () => {
  const reply = await gateway.post("/v1/models/twice:classify", { examples: [{ x: [1] }] });
  expect(reply.status).toBe(400);
  expect(reply.json).toEqual({
    error: 'route "twice route" is a chain of models, which only Predict goes through, not Classify',
  });
});

test("calls of many clients at once are each answered their own", { timeout: 60_000 }, async () => {
  const xs = Array.from({ length: 200 }, (_, i) => i);
  const answers = await Promise.all(xs.map((x) => post("/v1/models/twice:predict", { instances: [x] })));
  expect(answers).toEqual(xs.map((x) => ({ predictions: [(x / 2 + 2) / 2 + 2] })));
});
