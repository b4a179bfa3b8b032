import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LATEST, type VersionChoice, version } from "../../../core/index.ts";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { decodePredictResponse, dtypeNamed, packedTensor } from "../../../tensor/index.ts";
import { serving } from "./health.ts";
import { byVersion, floats, ints, predictRequest, slowRequest, spec, X } from "./requests.ts";
import { EXAMPLES, MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve([
    wanted("half_plus_two", `${EXAMPLES}/half_plus_two`, { labels: new Map([["stable", version(123)]]) }),
    wanted("mnist", `${EXAMPLES}/mnist_two_signatures`),
    wanted("picky", `${MODELS}/picky`),
    wanted("slow", `${MODELS}/slow`),
  ]);
  await serving(served.client);
});
afterAll(() => served.close());

const { Predict } = predictionServiceRaw;

describe("Predict", () => {
  const choices: readonly { name: string; choice: VersionChoice; want: bigint }[] = [
    { name: "the latest version", choice: LATEST, want: 124n },
    { name: "a version", choice: byVersion(123), want: 123n },
    { name: "a label", choice: { by: "label", label: "stable" }, want: 123n },
  ];
  for (const { name, choice, want } of choices) {
    test(`runs ${name} and says which it was`, async () => {
      const answer = decodePredictResponse(await served.call(Predict, predictRequest(spec({ choice }))));
      expect(answer.spec).toEqual({ name: "half_plus_two", version: want, signature: "serving_default" });
    });
  }

  test("answers the outputs of the filter only, in its order", async () => {
    const asked = spec({ name: "mnist", signature: "predict_images" });
    const inputs = { images: floats([1, 64], ...Array.from({ length: 64 }, () => 0)), keep_prob: floats([], 1) };
    const all = decodePredictResponse(await served.call(Predict, predictRequest(asked, inputs)));
    const names = [...all.outputs.keys()];
    for (const filter of names) {
      const one = decodePredictResponse(await served.call(Predict, predictRequest(asked, inputs, [filter])));
      expect([...one.outputs]).toEqual([[filter, all.outputs.get(filter)]]);
    }
  });

  const refused: readonly { name: string; request: Buffer; code: keyof typeof status; message: string | RegExp }[] = [
    {
      name: "no ModelSpec",
      request: predictRequest(undefined),
      code: "INVALID_ARGUMENT",
      message: "Missing ModelSpec",
    },
    {
      name: "no model name",
      request: predictRequest(spec({ name: "" })),
      code: "INVALID_ARGUMENT",
      message: "ModelSpec has no name specified.",
    },
    {
      name: "an unknown model",
      request: predictRequest(spec({ name: "nobody" })),
      code: "NOT_FOUND",
      message: "Servable not found for request: Latest(nobody)",
    },
    {
      name: "an unknown version",
      request: predictRequest(spec({ choice: byVersion(7) })),
      code: "NOT_FOUND",
      message: "Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      name: "an unknown label",
      request: predictRequest(spec({ choice: { by: "label", label: "x" } })),
      code: "INVALID_ARGUMENT",
      message: "Unrecognized servable version label: x",
    },
    {
      name: "an unknown signature",
      request: predictRequest(spec({ signature: "nope" })),
      code: "FAILED_PRECONDITION",
      message: 'Serving signature key "nope" not found.',
    },
    {
      name: "too few inputs",
      request: predictRequest(spec(), {}),
      code: "INVALID_ARGUMENT",
      message:
        "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    },
    {
      name: "too many inputs",
      request: predictRequest(spec(), { ...X, b: ints(1), a: ints(1) }),
      code: "INVALID_ARGUMENT",
      message:
        "input size does not match signature: 3!=1 len({a,b,x}) != len({x}). Sent extra: {a,b}. Missing but required: {}.",
    },
    {
      name: "an input of another name",
      request: predictRequest(spec(), { z: floats([1], 1) }),
      code: "INVALID_ARGUMENT",
      message: /^Signature input alias: x\(feed name: x:0\) not found in request and no default value provided/,
    },
    {
      name: "an unknown output",
      request: predictRequest(spec(), X, ["y", "q"]),
      code: "INVALID_ARGUMENT",
      message: "output tensor alias not found in signature: q Outputs expected to be in the set {y}.",
    },
    {
      name: "an output twice",
      request: predictRequest(spec(), X, ["y", "y"]),
      code: "INVALID_ARGUMENT",
      message: "duplicate output tensor alias: y",
    },
    {
      name: "a tensor that cannot be read",
      // dtype 77 is none.
      request: Buffer.concat([
        predictRequest(spec(), {}),
        Buffer.from([0x12, 0x07, 0x0a, 0x01, 0x78, 0x12, 0x02, 0x08, 0x4d]),
      ]),
      code: "INVALID_ARGUMENT",
      message: "tensor parsing error: x: there is no tensor type 77",
    },
    {
      name: "a dtype that the graph refuses",
      request: predictRequest(spec(), { x: ints(1) }),
      code: "INVALID_ARGUMENT",
      message: /float.*int32/,
    },
    {
      name: "values that the graph refuses",
      request: predictRequest(spec({ name: "picky", signature: "gather" }), { i: ints(9) }),
      code: "INVALID_ARGUMENT",
      message: /indices\[0\] = 9 is not in \[0, 3\)/,
    },
    {
      name: "bytes that are no message",
      request: Buffer.from("no message"),
      code: "INVALID_ARGUMENT",
      message: /malformed/,
    },
  ];
  for (const { name, request, code, message } of refused) {
    test(`refuses ${name}`, async () => {
      const error = await served.failure(Predict, request);
      expect(status[error.code]).toBe(code);
      if (typeof message === "string") expect(error.details).toBe(message);
      else expect(error.details).toMatch(message);
      expect(error.metadata.get("tensorgate-origin")).toEqual(["client"]);
    });
  }

  test("cuts an error text that is too long for a header", async () => {
    const name = "名".repeat(2_000);
    const error = await served.failure(Predict, predictRequest(spec({ name })));
    expect(error.details).toMatch(/^Servable not found for request: Latest\(名+\.\.\.TRUNCATED$/);
    expect(Buffer.byteLength(error.details)).toBeLessThanOrEqual(1024 + "...TRUNCATED".length);
    const [whole] = error.metadata.get("tensorgate-message-bin");
    expect(whole?.toString()).toMatch(/^Servable not found for request: Latest\(名{1000,}\.\.\.TRUNCATED$/);
  });

  test("runs for no longer than the call's deadline", async () => {
    const request = slowRequest(5_000);
    const startedMs = performance.now();
    await expect(served.call(Predict, request, 150)).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });

  test("takes and answers messages of many megabytes", async () => {
    const rows = 3 * 2 ** 20;
    const x = packedTensor(dtypeNamed("float"), [rows, 1], new Uint8Array(rows * 4));
    const { outputs } = decodePredictResponse(await served.call(Predict, predictRequest(spec(), { x })));
    expect(outputs.get("y")).toMatchObject({ shape: [rows, 1] });
  });
});
