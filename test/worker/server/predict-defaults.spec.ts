import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codec, predictionServiceRaw } from "../../../protos/index.ts";
import { serving } from "./health.ts";
import { floats, predictRequest, spec } from "./requests.ts";
import { EXAMPLES, type Served, serve, wanted } from "./served.ts";

let served: Served;
let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "tensorgate-defaults-"));
  await withDefaults(`${EXAMPLES}/mnist_two_signatures/1`, join(base, "1"));
  served = await serve([wanted("defaults", base)]);
  await serving(served.client);
});
afterAll(async () => {
  await served.close();
  await rm(base, { recursive: true });
});

interface SavedModel {
  readonly meta_graphs: readonly { readonly signature_def: Readonly<Record<string, { defaults: object }>> }[];
}

/** A copy of the model whose signature says what `keep_prob` is when it is not sent, as newer exporters write it. */
async function withDefaults(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const models = codec<SavedModel>("tensorflow.SavedModel");
  const model = models.decode(await readFile(join(from, "saved_model.pb")));
  for (const graph of model.meta_graphs) {
    const signature = graph.signature_def["predict_images"];
    if (signature) signature.defaults = { keep_prob: { dtype: "DT_FLOAT", float_val: [1] } };
  }
  await writeFile(join(to, "saved_model.pb"), models.encode(model));
}

const { Predict } = predictionServiceRaw;

describe("a signature with defaults", () => {
  const asked = spec({ name: "defaults", signature: "predict_images" });
  const images = floats([1, 64], ...Array.from({ length: 64 }, (_, i) => i / 64));
  const keepProb = floats([], 1);

  test("takes them for inputs that a request leaves out", async () => {
    const full = await served.call(Predict, predictRequest(asked, { images, keep_prob: keepProb }));
    expect((await served.call(Predict, predictRequest(asked, { images }))).equals(full)).toBe(true);
  });

  const cases = [
    {
      name: "still wants the others",
      inputs: { keep_prob: keepProb },
      message: /^Signature input alias: images\(feed name: .+\) not found in request and no default value provided/,
    },
    {
      name: "still knows what is surplus",
      inputs: { images, other: keepProb },
      message: /^Inputs contains invalid name/,
    },
    {
      name: "still counts",
      inputs: { images, keep_prob: keepProb, other: keepProb },
      message: /^input size does not match signature: 3!=2/,
    },
  ];
  for (const { name, inputs, message } of cases) {
    test(name, async () => {
      const error = await served.failure(Predict, predictRequest(asked, inputs));
      expect([status[error.code], error.details]).toEqual(["INVALID_ARGUMENT", expect.stringMatching(message)]);
    });
  }
});
