import { join } from "node:path";
import { expect, test } from "vitest";
import { PredictionClient } from "../setup/prediction-client.ts";
import { MODELS, startTensorgate } from "../setup/tensorgate.ts";

test("concurrent calls over REST and gRPC are joined, and each gets its own answer", async () => {
  await using gateway = await startTensorgate({
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two"), batching: { maxRows: 32, maxInFlight: 1 } }],
  });
  await gateway.ready();
  const client = new PredictionClient(gateway.grpc);
  const predict = client.call("Predict");
  const overRest = async (x: number[]): Promise<unknown> =>
    (await gateway.predict("half_plus_two", { instances: x })).json;
  const overGrpc = async (x: number[]): Promise<unknown> => {
    const shape = { dim: [{ size: x.length }] };
    const inputs = { x: { dtype: "DT_FLOAT", tensor_shape: shape, float_val: x } };
    const { outputs } = await predict({ model_spec: { name: "half_plus_two" }, inputs });
    return (outputs as { y: { float_val: number[] } }).y.float_val;
  };
  const calls = Array.from({ length: 200 }, async (_, i) => {
    const x = Array.from({ length: 1 + (i % 3) }, (_, row) => i + row);
    const want = x.map((value) => value / 2 + 2);
    if (i % 2 === 0) expect(await overRest(x)).toEqual({ predictions: want });
    else expect(await overGrpc(x)).toEqual(want);
  });
  // What cannot be an input is refused alone, whoever travels at the same time.
  const bad = gateway.predict("half_plus_two", { instances: ["text"] });
  await Promise.all(calls);
  expect((await bad).status).toBe(400);
  client.close();

  const metrics = (await gateway.get("/metrics")).text;
  const figure = (name: string): number =>
    Number(new RegExp(`^tensorgate_batch_requests_${name}\\{.*\\} (\\d+)$`, "m").exec(metrics)?.[1]);
  expect(figure("sum")).toBe(200);
  expect(figure("count")).toBeLessThan(150);
});
