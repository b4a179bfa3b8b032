import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PYTHON } from "../setup/python.ts";
import { MODELS, ROOT, startTensorgate } from "../setup/tensorgate.ts";

test("TensorFlow Serving's Python client and requests work unchanged", { timeout: 120_000 }, async () => {
  await using gateway = await startTensorgate({
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all" },
      { name: "mnist_two_signatures", path: join(MODELS, "mnist_two_signatures") },
    ],
  });
  await gateway.ready();
  const client = join(ROOT, "test/clients/python/client.py");
  const { stdout } = await promisify(execFile)(PYTHON, [client, gateway.rest, gateway.grpc], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
  });
  expect(stdout.trim().split("\n")).toHaveLength(8);
});
