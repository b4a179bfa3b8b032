import { describe, expect, test } from "vitest";
import { modelName } from "../../../core/index.ts";
import { type Job, perform } from "../../../gateway/threads/jobs.ts";
import { decodePredictRequest, encodeRegressionResponse, parseRequestBody } from "../../../tensor/index.ts";

const spec = { name: modelName("m"), choice: { by: "version", version: 1n as never }, signature: "s" } as const;

/** What stands in the pool, what nearly fills it, and what is beyond it. */
const COUNTS = [1, 100, 900, 1000, 1900, 2020, 2048, 2100, 50_000];

function bodyOf(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(JSON.stringify({ instances: Array.from({ length: count }, (_, i) => i) })));
}

function expectOwn(bytes: Uint8Array, moved: readonly ArrayBuffer[]): void {
  expect(moved).toContain(bytes.buffer);
  expect(bytes.buffer.byteLength).toBeLessThanOrEqual(bytes.length * 1.1);
  // Node's pool would stay behind.
  structuredClone(bytes, { transfer: [...moved] });
  expect(bytes.length).toBe(0);
}

describe("what moves to the other side is nobody else's memory, and little more than the result", () => {
  for (const count of COUNTS) {
    test(`${count} numbers`, () => {
      const body = parseRequestBody(bodyOf(count));
      const job: Job = { do: "decode predict", body, spec, inputs: [["x", 1]], reading: {} };
      const { result, moved } = perform(job);
      const { message } = result as { readonly message: Uint8Array };
      expect(decodePredictRequest(message).inputs.get("x")?.().shape).toEqual([count]);
      expectOwn(message, moved);

      const answer = encodeRegressionResponse(spec as never, new Float32Array(count));
      const written = perform({ do: "encode", message: answer, answer: { of: "Regress" }, writing: {} });
      expectOwn(written.result as Uint8Array, written.moved);
    });
  }
});

test("a body in parts is put together, and comes back as one", () => {
  const bytes = bodyOf(5000);
  const { result, moved } = perform({ do: "parse", parts: [bytes.slice(0, 7), bytes.slice(7, 8), bytes.slice(8)] });
  const body = result as ReturnType<typeof parseRequestBody>;
  expect(body.bytes).toEqual(bytes);
  expect(moved).toContain(body.bytes.buffer);
});
