import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectClose } from "../setup/close.ts";
import { grpcAnswer, PredictionClient } from "../setup/prediction-client.ts";
import { type RecordedCase, restAnswer } from "../setup/recorded.ts";
import { ROOT, startProgram, type Tensorgate } from "../setup/tensorgate.ts";

/** What Python TensorFlow answered for every example model, asked of `config/default.yaml` over both protocols. */
const recordings = readdirSync(join(ROOT, "examples/recorded"))
  .filter((name) => name.endsWith(".json"))
  .map(
    (name) =>
      JSON.parse(readFileSync(join(ROOT, "examples/recorded", name), "utf8")) as {
        model: string;
        cases: RecordedCase[];
      },
  );

let gateway: Tensorgate;
let client: PredictionClient;

beforeAll(async () => {
  gateway = await startProgram(["serve", "--host=127.0.0.1", "--port=any", "--rest_api_port=any", "--workers=1"]);
  client = new PredictionClient(gateway.grpc);
  await gateway.ready();
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
});

for (const { model, cases } of recordings) {
  describe(model, () => {
    for (const recorded of cases) {
      test(`${recorded.name} over REST`, async () => {
        const version = recorded.version === undefined ? "" : `/versions/${Number(recorded.version)}`;
        const reply = await gateway.post(`/v1/models/${model}${version}:${recorded.method}`, recorded.request);
        expect(reply.status, reply.text).toBe(200);
        expectClose(reply.json, restAnswer(recorded));
      });

      test(`${recorded.name} over gRPC`, async () => {
        expectClose(await client.answer(model, recorded), grpcAnswer(recorded));
      });
    }
  });
}
