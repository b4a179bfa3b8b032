import type { ModelSpec } from "../../core/index.ts";
import { MAX_NAMES, StringBudget, tooMany } from "../limits.ts";
import { type ExamplesInput, inputSize, readInput, writeInput } from "./examples.ts";
import { answerOf, malformed } from "./malformed.ts";
import { type AnswerSpec, readAnswerSpec, readSpec, writeAnswerSpec, writeSpec } from "./model-spec.ts";
import { LEN, WireReader } from "./reader.ts";
import {
  type Classes,
  readClassifications,
  readRegressions,
  writeClassifications,
  writeRegressions,
} from "./results.ts";
import { WireWriter } from "./writer.ts";

export interface InferenceTask {
  /** Undefined when the task has none; its name may be "". */
  readonly spec: ModelSpec | undefined;
  /** As sent: `tensorflow/serving/classify`, `tensorflow/serving/regress`, or anything else. */
  readonly methodName: string;
}

/** `tensorflow.serving.MultiInferenceRequest`: several signatures of one model over the same examples. */
export interface MultiInferenceRequest {
  readonly tasks: readonly InferenceTask[];
  readonly input: ExamplesInput | undefined;
}

/** The answer to one task. */
export type InferenceResult =
  | { readonly kind: "classification"; readonly spec: AnswerSpec; readonly results: readonly Classes[] }
  | { readonly kind: "regression"; readonly spec: AnswerSpec; readonly values: Float32Array };

const REQUEST = { tasks: 1, input: 2 } as const;
const TASK = { spec: 1, methodName: 2 } as const;
const RESULT = { spec: 1, classification: 2, regression: 3 } as const;

export function decodeMultiInferenceRequest(bytes: Uint8Array): MultiInferenceRequest {
  const reader = new WireReader(bytes);
  const tasks: InferenceTask[] = [];
  const budget = new StringBudget();
  let input: ExamplesInput | undefined;
  while (reader.next()) {
    if (tasks.length > MAX_NAMES) throw tooMany("tasks", MAX_NAMES);
    if (reader.is(REQUEST.tasks, LEN)) tasks.push(readTask(reader.message()));
    else if (reader.is(REQUEST.input, LEN)) input = readInput(reader.message(), budget, input);
    else reader.skip();
  }
  return { tasks, input };
}

function readTask(reader: WireReader): InferenceTask {
  let spec: ModelSpec | undefined;
  let methodName = "";
  while (reader.next()) {
    if (reader.is(TASK.spec, LEN)) spec = readSpec(reader.message(), spec);
    else if (reader.is(TASK.methodName, LEN)) methodName = reader.string();
    else reader.skip();
  }
  return { spec, methodName };
}

export function encodeMultiInferenceRequest(request: MultiInferenceRequest): Uint8Array {
  const writer = new WireWriter(inputSize(request.input) + 256);
  for (const { spec, methodName } of request.tasks) {
    writer.message(REQUEST.tasks, () => {
      if (spec !== undefined) writeSpec(writer, TASK.spec, spec);
      writer.string(TASK.methodName, methodName);
    });
  }
  if (request.input !== undefined) writeInput(writer, REQUEST.input, request.input);
  return writer.finish();
}

export function encodeMultiInferenceResponse(results: readonly InferenceResult[]): Uint8Array {
  const writer = new WireWriter(256);
  for (const result of results) {
    writer.message(1, () => {
      writeAnswerSpec(writer, RESULT.spec, result.spec);
      if (result.kind === "classification") {
        writer.message(RESULT.classification, () => writeClassifications(writer, result.results));
      } else writer.message(RESULT.regression, () => writeRegressions(writer, result.values));
    });
  }
  return writer.finish();
}

/** In the order of the tasks. Throws INTERNAL with origin worker when the bytes are no such answer. */
export function decodeMultiInferenceResponse(bytes: Uint8Array): InferenceResult[] {
  return answerOf(() => {
    const reader = new WireReader(bytes);
    const results: InferenceResult[] = [];
    while (reader.next()) {
      if (reader.is(1, LEN)) results.push(readResult(reader.message()));
      else reader.skip();
    }
    return results;
  });
}

function readResult(reader: WireReader): InferenceResult {
  let spec: AnswerSpec | undefined;
  let results: Classes[] | undefined;
  let values: number[] | undefined;
  while (reader.next()) {
    if (reader.is(RESULT.spec, LEN)) spec = readAnswerSpec(reader.message());
    else if (reader.is(RESULT.classification, LEN)) {
      values = undefined;
      results ??= [];
      readClassifications(reader.message(), results);
    } else if (reader.is(RESULT.regression, LEN)) {
      results = undefined;
      values ??= [];
      readRegressions(reader.message(), values);
    } else reader.skip();
  }
  if (spec === undefined) throw malformed("a task's answer names no model");
  if (results !== undefined) return { kind: "classification", spec, results };
  if (values !== undefined) return { kind: "regression", spec, values: Float32Array.from(values) };
  throw malformed("a task's answer holds no result");
}
