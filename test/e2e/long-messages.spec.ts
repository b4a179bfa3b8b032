import { join } from "node:path";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { LATEST, modelName } from "../../core/index.ts";
import { predictionServiceRaw } from "../../protos/index.ts";
import { decodePredictResponse, dtypeNamed, encodePredictRequest, packedTensor } from "../../tensor/index.ts";
import { MODELS, startTensorgate } from "../setup/tensorgate.ts";

/** Messages of megabytes, which pass through in the pieces in which they come: answers are as long as what they answer. */

const COUNT = 400_000;
const models = [
  { name: "alone", path: join(MODELS, "half_plus_two"), batching: "off" },
  { name: "joined", path: join(MODELS, "half_plus_two") },
];

function floats(seed: number): Float32Array {
  return Float32Array.from({ length: COUNT }, (_, i) => seed * 1000 + (i % 997));
}

/** Nobody else's numbers are among the answer's. */
function isAnswerTo(seed: number, answer: Uint8Array): boolean {
  const y = decodePredictResponse(answer).outputs.get("y");
  if (y?.kind !== "packed") return false;
  const got = new Float32Array(Uint8Array.from(y.data).buffer);
  return got.length === COUNT && floats(seed).every((x, i) => got[i] === x / 2 + 2);
}

function connect(address: string, model: string) {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
  });
  const { path, requestSerialize, responseDeserialize } = predictionServiceRaw.Predict;
  /** Whether the answer is right; a reset by this client counts as that. `afterMs`: when it gives up. */
  const ask = (seed: number, afterMs?: number): Promise<boolean> => {
    const x = packedTensor(dtypeNamed("float"), [COUNT], new Uint8Array(floats(seed).buffer));
    const spec = { name: modelName(model), choice: LATEST, signature: "" };
    const message = encodePredictRequest({ spec, inputs: new Map([["x", x]]), outputFilter: [] }, "content");
    return new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        Buffer.from(message),
        (error: ServiceError | null, answer?: Buffer) => {
          if (error?.code === status.CANCELLED && afterMs !== undefined) resolve(true);
          else if (error !== null) reject(error);
          else resolve(answer !== undefined && isAnswerTo(seed, answer));
        },
      );
      if (afterMs !== undefined) setTimeout(() => call.cancel(), afterMs);
    });
  };
  return { ask, [Symbol.dispose]: () => client.close() };
}

test("are answered with their own numbers, alone and joined, beside others that are given up on the way", {
  timeout: 120_000,
}, async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 1 } });
  await gateway.ready();
  for (const { name } of models) {
    using one = connect(gateway.grpc, name);
    using other = connect(gateway.grpc, name);
    const calls = Array.from({ length: 60 }, (_, i) =>
      (i % 2 === 0 ? one : other).ask(i, i % 3 === 0 ? i * 10 : undefined),
    );
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  }
});

test("are sent again, whole, where a worker has died amid them", { timeout: 120_000 }, async () => {
  await using gateway = await startTensorgate({ models, workers: { count: 2 } });
  await gateway.ready();
  const [first] = gateway.workerPids();
  using client = connect(gateway.grpc, "alone");
  let answered = 0;
  const wrong: unknown[] = [];
  const stop = new AbortController();
  const load = Array.from({ length: 6 }, async (_, i) => {
    for (let seed = i; !stop.signal.aborted; seed += 6) {
      await client.ask(seed % 100).then(
        (right) => (right ? answered++ : wrong.push(seed)),
        (error) => wrong.push(error),
      );
    }
  });
  await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(10);
  process.kill(first as number, "SIGKILL");
  const before = answered;
  await expect.poll(() => answered, { timeout: 30_000 }).toBeGreaterThan(before + 20);
  stop.abort();
  await Promise.all(load);
  expect(wrong).toEqual([]);
});
