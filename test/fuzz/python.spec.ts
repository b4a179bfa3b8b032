import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLIENTS, printed } from "../setup/clients.ts";
import { PYTHON } from "../setup/python.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

/** To see a run again, or a longer one. */
const SEED = process.env["FUZZ_SEED"] ?? "1";
const COUNT = process.env["FUZZ_COUNT"] ?? "600";
const LIMIT_MS = 60_000 + Number(COUNT) * 100;

let gateway: Tensorgate;

beforeAll(async () => {
  console.log(`FUZZ_SEED=${SEED} FUZZ_COUNT=${COUNT}`);
  gateway = await startTensorgate({
    models: [
      { name: "every_dtype", path: join(ROOT, "test/data/models/every_dtype") },
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all" },
    ],
  });
  await gateway.ready();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** How often each case came. Where an answer was not the wanted one, the script ends with an error that shows both. */
async function cases(script: string, ...addresses: readonly string[]): Promise<string[]> {
  const text = await printed(PYTHON, [join(CLIENTS, "python", script), ...addresses, SEED, COUNT]);
  return Object.keys(JSON.parse(text) as object).toSorted();
}

test("random tensors of every dtype come back as TensorFlow has them, over gRPC and as JSON", {
  timeout: LIMIT_MS,
}, async () => {
  expect(await cases("random_tensors.py", gateway.rest, gateway.grpc)).toEqual([
    "columns",
    "content",
    "full",
    "none",
    "refused",
    "rows",
    "short",
    "surplus",
    "wrong_length",
  ]);
});

test("odd and damaged messages mean what protobuf's own reader understands", { timeout: LIMIT_MS }, async () => {
  expect(await cases("random_messages.py", gateway.grpc)).toEqual(["answered", "refused", "unreadable"]);
});
