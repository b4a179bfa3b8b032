import { afterAll, expect, test } from "vitest";
import { CallController, deadlineIn, modelName, version } from "../../../core/index.ts";
import type { AnswerContent } from "../../../gateway/call.ts";
import { createComparer } from "../../../gateway/threads/index.ts";
import { dtypeNamed, encodePredictResponse, packedTensor } from "../../../tensor/index.ts";
import { memoryLog } from "../setup/log.ts";

const SPEC = { name: modelName("m"), version: version(1), signature: "s" };
const TOLERANCE = { relative: 1e-4, absolute: 1e-6 };
const ROWS = 50_000;

const comparer = createComparer(memoryLog().log);
afterAll(() => comparer.close());

function tensors(rows: number, last: number) {
  const values = new Float32Array(rows * 2).fill(1);
  values[values.length - 1] = last;
  return new Map([["y", packedTensor(dtypeNamed("float"), [rows, 2], new Uint8Array(values.buffer))]]);
}

function message(rows: number, last: number): AnswerContent {
  return { is: "message", message: encodePredictResponse(SPEC, tensors(rows, last), "typed") };
}

function pieces(rows: number, last: number): AnswerContent {
  const whole = encodePredictResponse(SPEC, tensors(rows, last), "typed");
  const cut = [whole.subarray(0, 100_000), whole.subarray(100_000)];
  return { is: "message", pieces: cut, message: Buffer.concat(cut) };
}

const limits = () => ({ deadline: deadlineIn(30_000), signal: new CallController() });

for (const { name, one, other } of [
  { name: "messages", one: message(ROWS, 1), other: message(ROWS, 3) },
  { name: "messages in pieces", one: pieces(ROWS, 1), other: pieces(ROWS, 3) },
  {
    name: "tensors",
    one: { is: "outputs", spec: SPEC, outputs: tensors(ROWS, 1) } satisfies AnswerContent,
    other: { is: "outputs", spec: SPEC, outputs: tensors(ROWS, 3) } satisfies AnswerContent,
  },
]) {
  test(`long answers, ${name}, are compared in a thread, and the caller's stays as it is`, async () => {
    const comparing = comparer.compare("Predict", one, other, TOLERANCE, limits());
    expect(comparing).toBeInstanceOf(Promise);
    const { outputs, worst } = await comparing;
    expect(outputs).toMatchObject([{ output: "y", rows: ROWS, disagreeing: 1, maxAbsDifference: 2 }]);
    expect(worst).toMatchObject({ worstRow: ROWS - 1, values: ["[1, 1]", "[1, 3]"] });
    const again = await comparer.compare("Predict", one, message(ROWS, 1), TOLERANCE, limits());
    expect(again.worst).toBeUndefined();
  });
}

test("memory of which an answer has only a part stays with the others that have some", async () => {
  const answer = encodePredictResponse(SPEC, tensors(ROWS, 1), "typed");
  const room = Buffer.concat([Buffer.from("theirs"), answer]);
  const other: AnswerContent = { is: "message", message: room.subarray(6) };
  expect((await comparer.compare("Predict", message(ROWS, 1), other, TOLERANCE, limits())).worst).toBeUndefined();
  expect(room.subarray(0, 6).toString()).toBe("theirs");
});

test("short ones are compared at once", () => {
  expect(comparer.compare("Predict", message(10, 1), message(10, 1), TOLERANCE, limits())).not.toBeInstanceOf(Promise);
});

test("what ends the wait ends it", async () => {
  const signal = new CallController();
  const comparing = comparer.compare("Predict", message(ROWS, 1), message(ROWS, 1), TOLERANCE, { ...limits(), signal });
  signal.abort();
  await expect(comparing).rejects.toMatchObject({ code: "CANCELLED" });
});

test("long answers that are none are refused as by the thread", async () => {
  const broken: AnswerContent = { is: "message", message: new Uint8Array(100_000).fill(0xff) };
  await expect(comparer.compare("Predict", broken, broken, TOLERANCE, limits())).rejects.toMatchObject({
    code: "INTERNAL",
  });
});
