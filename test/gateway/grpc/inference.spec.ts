import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  DEFAULT_SIGNATURE,
  InferenceError,
  joined,
  LATEST,
  type ModelSpec,
  modelName,
  timeLeftMs,
  version,
} from "../../../core/index.ts";
import type { InferenceMethod } from "../../../gateway/call.ts";
import {
  decodePredictResponse,
  dtypeNamed,
  encodeMultiInferenceRequest,
  encodePredictRequest,
  type InferenceTask,
  packedTensor,
  requestSpec,
} from "../../../tensor/index.ts";
import { type GrpcUnderTest, startGrpc, told } from "../setup/grpc.ts";

let grpc: GrpcUnderTest;
beforeAll(async () => {
  grpc = await startGrpc();
});
afterAll(() => grpc[Symbol.asyncDispose]());

function pathOf(method: string): string {
  return `/tensorflow.serving.PredictionService/${method}`;
}

function specOf(choice: ModelSpec["choice"] = LATEST, name = "half"): ModelSpec {
  return { name: modelName(name), choice, signature: "" };
}

function predictMessage(spec: ModelSpec | undefined, values = [1, 2]): Uint8Array {
  const x = packedTensor(dtypeNamed("float"), [values.length], new Uint8Array(Float32Array.from(values).buffer));
  return encodePredictRequest({ spec, inputs: new Map([["x", x]]), outputFilter: [] }, "content");
}

/** What the worker would get for a message. */
async function sentFor(method: InferenceMethod, message: Uint8Array): Promise<Uint8Array> {
  const { serveWith } = grpc.backend;
  let sent = new Uint8Array(0);
  grpc.backend.serveWith = async (call, target) => {
    sent = Uint8Array.from(joined(call.body.messageFor(target)));
    return { target, arm: "", content: { is: "message", message: new Uint8Array(0) } };
  };
  await grpc.ask({ path: pathOf(method), message }).finally(() => {
    grpc.backend.serveWith = serveWith;
  });
  return sent;
}

test("a prediction comes back as the worker's bytes", async () => {
  const answer = await grpc.ask({ path: pathOf("Predict"), message: predictMessage(specOf()) });
  const { spec, outputs } = decodePredictResponse(answer);
  expect(spec).toEqual({ name: "half", version: 2n, signature: DEFAULT_SIGNATURE });
  const y = outputs.get("y");
  expect(y?.kind === "packed" && [...new Float32Array(Uint8Array.from(y.data).buffer)]).toEqual([2.5, 3]);
});

for (const { name, choice, want } of [
  { name: "latest", choice: LATEST, want: 2n },
  { name: "a label", choice: { by: "label", label: "stable" }, want: 1n },
  { name: "a version", choice: { by: "version", version: version(1) }, want: 1n },
] as const) {
  test(`${name} goes to the worker as a version, the rest of the message as it came`, async () => {
    const sent = await sentFor("Predict", predictMessage(specOf(choice)));
    expect(requestSpec("Predict", sent)).toEqual(specOf({ by: "version", version: version(want) }));
    expect(Buffer.from(sent)).toEqual(Buffer.from(predictMessage(specOf({ by: "version", version: version(want) }))));
  });
}

function taskOf(choice: ModelSpec["choice"]): InferenceTask {
  return { spec: specOf(choice), methodName: "tensorflow/serving/regress" };
}

test("each task of a MultiInference gets the version", async () => {
  const message = encodeMultiInferenceRequest({
    tasks: [taskOf({ by: "version", version: version(1) }), taskOf(LATEST)],
    input: undefined,
  });
  const sent = await sentFor("MultiInference", message);
  const first = taskOf({ by: "version", version: version(1) });
  expect(Buffer.from(sent)).toEqual(
    Buffer.from(encodeMultiInferenceRequest({ tasks: [first, first], input: undefined })),
  );
});

for (const { name, method, message, want } of [
  {
    name: "without a ModelSpec",
    method: "Predict",
    message: predictMessage(undefined),
    want: "INVALID_ARGUMENT: Missing ModelSpec",
  },
  { name: "of no bytes", method: "Classify", message: new Uint8Array(0), want: "INVALID_ARGUMENT: Missing ModelSpec" },
  {
    name: "without a name",
    method: "Predict",
    message: predictMessage(specOf(LATEST, "")),
    want: "INVALID_ARGUMENT: ModelSpec has no name specified.",
  },
  {
    name: "without a task",
    method: "MultiInference",
    message: new Uint8Array(0),
    want: "INVALID_ARGUMENT: ModelSpec has no name specified.",
  },
  {
    name: "for an unknown model",
    method: "Regress",
    message: predictMessage(specOf(LATEST, "nobody")),
    want: "NOT_FOUND: Servable not found for request: Latest(nobody)",
  },
  {
    name: "for an unknown label",
    method: "Predict",
    message: predictMessage(specOf({ by: "label", label: "x" })),
    want: "INVALID_ARGUMENT: Unrecognized servable version label: x",
  },
  { name: "that is no message", method: "Predict", message: Buffer.from([0x0a, 0xff]), want: "INVALID_ARGUMENT: " },
]) {
  test(`a ${method} ${name} is told: ${want}`, async () => {
    const error: unknown = await grpc.ask({ path: pathOf(method), message }).catch((thrown: unknown) => thrown);
    expect(told(error)).toContain(want);
  });
}

async function failWith(thrown: unknown): Promise<string> {
  const { serveWith } = grpc.backend;
  grpc.backend.serveWith = () => Promise.reject(thrown);
  const error: unknown = await grpc
    .ask({ path: pathOf("Predict"), message: predictMessage(specOf()) })
    .catch((it: unknown) => it);
  grpc.backend.serveWith = serveWith;
  return told(error);
}

/** Never answers, until the call is aborted. */
function hold(): void {
  grpc.backend.serveWith = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new InferenceError("CANCELLED", "given up")));
    });
}

describe("what the gateway throws", () => {
  test("keeps its code and words", async () => {
    expect(await failWith(new InferenceError("FAILED_PRECONDITION", "模型 100%\n"))).toBe(
      "FAILED_PRECONDITION: 模型 100%\n",
    );
  });

  test("is cut at 1024 bytes, and not once more", async () => {
    expect(await failWith(new InferenceError("INTERNAL", "x".repeat(1024)))).toBe(`INTERNAL: ${"x".repeat(1024)}`);
    expect(await failWith(new InferenceError("INTERNAL", "x".repeat(1025)))).toBe(
      `INTERNAL: ${"x".repeat(1024)}...TRUNCATED`,
    );
    const cut = `${"x".repeat(1020)}...TRUNCATED`;
    expect(await failWith(new InferenceError("INTERNAL", cut))).toBe(`INTERNAL: ${cut}`);
  });

  test("is cut between characters, and half of one is replaced", async () => {
    expect(await failWith(new InferenceError("INTERNAL", `${"x".repeat(1023)}😀`))).toBe(
      `INTERNAL: ${"x".repeat(1023)}...TRUNCATED`,
    );
    expect(await failWith(new InferenceError("INTERNAL", "x\ud83d"))).toBe("INTERNAL: x\ufffd");
  });

  test("shows nothing of itself when it was not expected", async () => {
    expect(await failWith(new TypeError("secret"))).toBe("INTERNAL: internal error in the gateway");
    expect(grpc.lines.find(({ msg }) => msg === "unexpected error")).toMatchObject({ err: { message: "secret" } });
  });
});

describe("the client's", () => {
  test("deadline is the call's", async () => {
    await grpc.ask({ path: pathOf("Predict"), message: predictMessage(specOf()), timeoutMs: 5_000 });
    const left = timeLeftMs(grpc.backend.calls.at(-1)?.deadline ?? 0);
    expect(left).toBeGreaterThan(2_000);
    expect(left).toBeLessThan(5_500);
    await grpc.ask({ path: pathOf("Predict"), message: predictMessage(specOf()) });
    expect(grpc.backend.calls.at(-1)?.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  for (const { name, timeoutMs, gives, code } of [
    { name: "passing", timeoutMs: 200, gives: false, code: "DEADLINE_EXCEEDED" },
    { name: "giving up", timeoutMs: 60_000, gives: true, code: "CANCELLED" },
  ]) {
    test(`${name} aborts the call, which counts as ${code}`, async () => {
      const { serveWith } = grpc.backend;
      onTestFinished(() => {
        grpc.backend.serveWith = serveWith;
      });
      const before = grpc.lines.length;
      const served = grpc.backend.calls.length;
      hold();
      const gaveUp = new AbortController();
      const asked = grpc.ask({
        path: pathOf("Predict"),
        message: predictMessage(specOf()),
        timeoutMs,
        signal: gaveUp.signal,
      });
      const outcome = expect(asked.catch((it: unknown) => Promise.reject(new Error(told(it))))).rejects.toThrow(code);
      await expect.poll(() => grpc.backend.calls.length).toBe(served + 1);
      if (gives) gaveUp.abort();
      await outcome;
      await expect.poll(() => grpc.lines.slice(before)).toMatchObject([{ msg: "access", code, bytesOut: 0 }]);
    });
  }

  test("metadata are headers by lower-case name", async () => {
    const metadata = { "X-Tenant": "beta" };
    await grpc.ask({ path: pathOf("Predict"), message: predictMessage(specOf()), metadata });
    const call = grpc.backend.calls.at(-1);
    expect([call?.header("x-tenant"), call?.header("x-none")]).toEqual(["beta", undefined]);
  });
});

describe("message sizes", () => {
  test("beyond the 4 MiB that gRPC starts with pass both ways", async () => {
    const values = Array.from<number>({ length: 1_500_000 }).fill(4);
    const answer = await grpc.ask({ path: pathOf("Predict"), message: predictMessage(specOf(), values) });
    expect(answer.length).toBeGreaterThan(6_000_000);
  });

  test("beyond the limit are RESOURCE_EXHAUSTED", async () => {
    await using small = await startGrpc({ maxBytes: 1_000 });
    const ask = (count: number) =>
      small.ask({
        path: pathOf("Predict"),
        message: predictMessage(specOf(), Array.from<number>({ length: count }).fill(4)),
      });
    await ask(200);
    const error: unknown = await ask(300).catch((it: unknown) => it);
    expect(told(error)).toMatch(/^RESOURCE_EXHAUSTED: /);
  });
});
