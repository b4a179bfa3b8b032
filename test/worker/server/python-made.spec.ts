import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { serving } from "./health.ts";
import { EXAMPLES, type Served, serve, wanted } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve([wanted("half_plus_two", `${EXAMPLES}/half_plus_two`)]);
  await serving(served.client);
});
afterAll(() => served.close());

const { Predict, Classify, Regress, MultiInference } = predictionServiceRaw;

describe("answers to messages that Python's client made", () => {
  /** Both sides are written by Python's classes; the answer is what TensorFlow Serving gives, in typed fields. */
  const cases = [
    {
      name: "Predict",
      method: Predict,
      request: "Cg8KDWhhbGZfcGx1c190d28SHwoBeBIaCAESCBICCAMSAggBIgwAAIA/AAAAQAAAoEA=",
      want: "Ch8KAXkSGggBEggSAggDEgIIASoMAAAgQAAAQEAAAJBAEiQKDWhhbGZfcGx1c190d28SAgh8Gg9zZXJ2aW5nX2RlZmF1bHQ=",
    },
    {
      name: "Classify, two examples",
      method: Classify,
      request:
        "CiAKDWhhbGZfcGx1c190d28aD2NsYXNzaWZ5X3hfdG9feRIoCiYKEQoPCg0KAXgSCBIGCgQAAABAChEKDwoNCgF4EggSBgoEAACgQA==",
      want: "ChIKBwoFFQAAQEAKBwoFFQAAkEASJAoNaGFsZl9wbHVzX3R3bxICCHwaD2NsYXNzaWZ5X3hfdG9feQ==",
    },
    {
      name: "Regress with a context that one example overrides, by version",
      method: Regress,
      request:
        "CiQKDWhhbGZfcGx1c190d28SAgh7Gg9yZWdyZXNzX3hfdG9feTISLBIqCgIKAAoRCg8KDQoBeBIIEgYKBAAAoEASEQoPCg0KAXgSCBIGCgQAAABA",
      want: "Cg4KBQ0AAIBACgUNAACwQBIkCg1oYWxmX3BsdXNfdHdvEgIIexoPcmVncmVzc194X3RvX3ky",
    },
    {
      name: "MultiInference, regress and classify",
      method: MultiInference,
      request:
        "Cj0KHwoNaGFsZl9wbHVzX3R3bxoOcmVncmVzc194X3RvX3kSGnRlbnNvcmZsb3cvc2VydmluZy9yZWdyZXNzCj8KIAoNaGFsZl9wbHVzX3R3bxoPY2xhc3NpZnlfeF90b195Eht0ZW5zb3JmbG93L3NlcnZpbmcvY2xhc3NpZnkSFQoTChEKDwoNCgF4EggSBgoEAAAAQA==",
      want: "Ci4KIwoNaGFsZl9wbHVzX3R3bxICCHwaDnJlZ3Jlc3NfeF90b195GgcKBQ0AAEBACjEKJAoNaGFsZl9wbHVzX3R3bxICCHwaD2NsYXNzaWZ5X3hfdG9feRIJCgcKBRUAAEBA",
    },
  ];
  for (const { name, method, request, want } of cases) {
    test(name, async () => {
      expect((await served.call(method, Buffer.from(request, "base64"))).toString("base64")).toBe(want);
    });
  }
});
