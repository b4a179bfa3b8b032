import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { BUILD_MS, CLIENTS, javaClassPath, printed } from "../setup/clients.ts";
import { expectClose } from "../setup/close.ts";
import { testWith } from "../setup/programs.ts";
import type { RecordedCase } from "../setup/recorded.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

/** grpc-java with TensorFlow Serving's classes as published in 2019: a client that nobody has touched since. */
const test = testWith("mvn", "javac");

const recorded = JSON.parse(readFileSync(join(ROOT, "examples/recorded/mnist_two_signatures.json"), "utf8")) as {
  cases: RecordedCase[];
};
const CLASSIFY = recorded.cases.find(({ name }) => name === "three examples") as RecordedCase;

let gateway: Tensorgate;
let answers: ReadonlyMap<string, unknown>;

beforeAll(async () => {
  const classPath = await javaClassPath();
  gateway = await startTensorgate({
    models: [
      { name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all" },
      { name: "mnist_two_signatures", path: join(MODELS, "mnist_two_signatures") },
      { name: "slow", path: join(ROOT, "test/data/models/slow") },
    ],
  });
  await gateway.ready();
  const program = ["-Xmx256m", "-cp", classPath, join(CLIENTS, "java/Client.java")];
  const text = await printed("java", [...program, gateway.grpc, ...(CLASSIFY.examples_b64 ?? [])]);
  answers = new Map(
    text
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf(" ")), JSON.parse(line.slice(line.indexOf(" ")))]),
  );
}, BUILD_MS);
afterAll(() => gateway[Symbol.asyncDispose]());

for (const { name, line, want } of [
  {
    name: "predicts, and learns which version answered",
    line: "predict",
    want: ["half_plus_two/124/serving_default", [2.5, 3, 4.5]],
  },
  { name: "names a version", line: "predictVersion", want: ["half_plus_two/123/serving_default", [5.5]] },
  { name: "has a hundred calls in flight at once", line: "predictFuture", want: 100 },
  { name: "has an answer within its deadline", line: "withinDeadline", want: [1] },
  {
    name: "is told that a model is unknown",
    line: "unknownModel",
    want: ["NOT_FOUND", "Servable not found for request: Latest(nobody)"],
  },
  {
    name: "is told that a signature is unknown",
    line: "unknownSignature",
    want: ["FAILED_PRECONDITION", expect.stringContaining('Serving signature key "nothing" not found.')],
  },
  {
    name: "gives up at its deadline",
    line: "pastDeadline",
    want: ["DEADLINE_EXCEEDED", expect.any(String)],
  },
  {
    name: "asks for the status",
    line: "status",
    want: ["124 AVAILABLE OK", "123 AVAILABLE OK"],
  },
]) {
  test(name, () => expect(answers.get(line)).toEqual(want));
}

test("classifies serialized Examples as Python TensorFlow did", () => {
  expectClose(answers.get("classify"), CLASSIFY.results);
});
