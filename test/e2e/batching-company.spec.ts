import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { together } from "../setup/departures.ts";
import { PredictionClient } from "../setup/prediction-client.ts";
import { type LogLine, MODELS, type Reply, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const OWN = join(ROOT, "test/data/models");

let gateway: Tensorgate;
let client: PredictionClient;
beforeAll(async () => {
  gateway = await startTensorgate({
    // So that only the first leaves while the worker stands still.
    batching: { maxDelay: "1h" },
    models: [
      { name: "patient", path: join(MODELS, "half_plus_two") },
      { name: "company", path: join(OWN, "company"), batching: {} },
      { name: "off", path: join(MODELS, "half_plus_two"), batching: "off" },
      { name: "once", path: join(MODELS, "half_plus_two"), retry: false },
    ],
  });
  client = new PredictionClient(gateway.grpc);
  await gateway.ready();
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
});

const company = (signature: string, ...x: number[][]): (() => Promise<Reply>) => {
  return () => gateway.predict("company", { signature_name: signature, instances: x });
};
const counted = async (): Promise<number> => (await company("count_now", [0, 0, 0])()).json.predictions[0][0];
const joinedFromNowOn =
  (of: string) =>
  ({ msg = "", signature }: LogLine): boolean =>
    msg.startsWith("calls are joined from now on") && signature === of;
const jsonOf = (replies: readonly Reply[]): unknown[] => replies.map(({ json }) => json);

describe("signatures that answer otherwise in company", () => {
  for (const signature of ["centred", "greatest", "sorted", "numbered", "counted", "noisy", "clock"]) {
    test(`${signature} is served unmerged`, async () => {
      const asks = [1, 5, 3, 4].map((value) => company(signature, [value, -value, 2 * value]));
      const { answers, inAll } = await together(gateway, "company", asks);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      if (signature === "centred") expect(jsonOf(answers)).toEqual(asks.map(() => ({ predictions: [[0, 0, 0]] })));
      expect(inAll).toEqual({ count: 0, calls: 0 });
    });
  }

  test("what a signature writes is written once for each call", async () => {
    const before = await counted();
    await together(
      gateway,
      "company",
      [1, 2, 3, 4].map(() => company("counter", [0, 0, 0])),
    );
    expect((await counted()) - before).toBe(4);
  });

  test("strings are found out by the first real pair, and get the answers that they get alone", async () => {
    const ask = async (word: string): Promise<unknown> =>
      (await gateway.predict("company", { signature_name: "joined_words", inputs: { words: [word] } })).json;
    for (const word of ["a", "b", "c"]) expect(await ask(word)).toEqual({ outputs: [word + word] });
    const line = await gateway.logged(
      ({ msg, signature }) => msg === "calls are not joined" && signature === "joined_words",
    );
    expect(line["reason"]).toContain("a row answers differently in company");
    expect((await gateway.get("/statusz")).text).toContain(JSON.stringify(line["reason"]));
    const words = Array.from({ length: 30 }, (_, i) => String(i));
    expect(await Promise.all(words.map(ask))).toEqual(words.map((word) => ({ outputs: [word + word] })));
  });

  test("strings whose pairs agree are joined from then on", async () => {
    const ask = async (word: string): Promise<unknown> =>
      (await gateway.predict("company", { signature_name: "words", inputs: { words: [word] } })).json;
    for (let i = 0; i < 40; i++) expect(await ask(`a${i}`)).toEqual({ outputs: [`A${i}`] });
    await gateway.logged(joinedFromNowOn("words"));
    const words = Array.from({ length: 5 }, (_, i) => `b${i}`);
    const { answers, inAll } = await together(
      gateway,
      "company",
      words.map((word) => () => ask(word)),
    );
    expect(answers).toEqual(words.map((word) => ({ outputs: [word.toUpperCase()] })));
    expect(inAll).toEqual({ count: 3, calls: 5 });
  });
});

test("batching: off and retry: false keep calls apart", async () => {
  for (const model of ["off", "once"]) {
    const asks = [1, 2, 3, 4].map((i) => () => gateway.predict(model, { instances: [[i]] }));
    const { answers, inAll } = await together(gateway, model, asks);
    expect(jsonOf(answers)).toEqual([1, 2, 3, 4].map((i) => ({ predictions: [[i / 2 + 2]] })));
    expect(inAll).toEqual({ count: 0, calls: 0 });
  }
});

const overRest = (x: number) => async (): Promise<unknown> =>
  (await gateway.post("/v1/models/patient:regress", { signature_name: "regress_x_to_y", examples: [{ x }] })).json
    .results[0];
const overGrpc = (x: number) => async (): Promise<unknown> => {
  const input = { example_list: { examples: [{ features: { feature: { x: { float_list: { value: [x] } } } } }] } };
  const answer = await client.call("Regress")({
    model_spec: { name: "patient", signature_name: "regress_x_to_y" },
    input,
  });
  return (answer["result"] as { regressions: { value: number }[] }).regressions[0]?.value;
};
/** A whole number would be an int64 feature. */
const halves = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 0.5);

test("classify and regress are joined too, with what comes over gRPC", async () => {
  for (const x of halves(40)) expect(await overRest(x)()).toBe(x / 2 + 2);
  await gateway.logged(joinedFromNowOn("regress_x_to_y"));
  const { answers, inAll } = await together(
    gateway,
    "patient",
    halves(6).map((x, i) => (i % 2 === 0 ? overRest(x) : overGrpc(x))),
  );
  expect(answers).toEqual(halves(6).map((x) => x / 2 + 2));
  // With maxDelay nobody but the first leaves before it is back.
  expect(inAll).toEqual({ count: 2, calls: 6 });
});

test("answers that were joined have their numbers where the configuration wants them, as those alone do", async () => {
  await using inContent = await startTensorgate({
    workers: { count: 1, answerAsTensorContent: true },
    models: [{ name: "half", path: join(MODELS, "half_plus_two") }],
  });
  await inContent.ready();
  const own = new PredictionClient(inContent.grpc);
  const ask = (x: number) => async (): Promise<unknown> => {
    const tensor = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }, { size: 1 }] }, float_val: [x] };
    const answer = await own.call("Predict")({ model_spec: { name: "half" }, inputs: { x: tensor } });
    return (answer["outputs"] as { y: { tensor_content: Buffer } }).y.tensor_content;
  };
  const { answers, inAll } = await together(inContent, "half", [1, 2, 3, 4, 5].map(ask));
  expect(answers).toEqual([1, 2, 3, 4, 5].map((x) => Buffer.from(Float32Array.of(x / 2 + 2).buffer)));
  expect(inAll).toEqual({ count: 3, calls: 5 });
  own.close();
});
