import { answerOf } from "./malformed.ts";
import { type AnswerSpec, readAnswerSpec, writeAnswerSpec } from "./model-spec.ts";
import { FIXED32, LEN, WireReader } from "./reader.ts";
import { WireWriter } from "./writer.ts";

/** The classes of one example, best first as the model gives them; as many labels as scores. */
export interface Classes {
  /** UTF-8; empty where the model gives no labels. */
  readonly labels: readonly Uint8Array[];
  readonly scores: Float32Array;
}

export interface ClassificationResponse {
  readonly spec: AnswerSpec | undefined;
  readonly results: readonly Classes[];
}

export interface RegressionResponse {
  readonly spec: AnswerSpec | undefined;
  readonly values: Float32Array;
}

/** `ClassificationResponse` and `RegressionResponse` alike; the results within repeat their field 1. */
const RESPONSE = { result: 1, spec: 2 } as const;
const EMPTY = new Uint8Array(0);

export function encodeClassificationResponse(spec: AnswerSpec, results: readonly Classes[]): Uint8Array {
  const writer = new WireWriter(256);
  writer.message(RESPONSE.result, () => writeClassifications(writer, results));
  writeAnswerSpec(writer, RESPONSE.spec, spec);
  return writer.finish();
}

/** Throws INTERNAL with origin worker when the bytes are no such answer; so do the other readers of answers. */
export function decodeClassificationResponse(bytes: Uint8Array): ClassificationResponse {
  return answerOf(() => {
    const results: Classes[] = [];
    const spec = readResponse(bytes, (result) => readClassifications(result, results));
    return { spec, results };
  });
}

export function encodeRegressionResponse(spec: AnswerSpec, values: Float32Array): Uint8Array {
  const writer = new WireWriter(256 + values.length * 7);
  writer.message(RESPONSE.result, () => writeRegressions(writer, values));
  writeAnswerSpec(writer, RESPONSE.spec, spec);
  return writer.finish();
}

export function decodeRegressionResponse(bytes: Uint8Array): RegressionResponse {
  return answerOf(() => {
    const values: number[] = [];
    const spec = readResponse(bytes, (result) => readRegressions(result, values));
    return { spec, values: Float32Array.from(values) };
  });
}

function readResponse(bytes: Uint8Array, readResult: (reader: WireReader) => void): AnswerSpec | undefined {
  const reader = new WireReader(bytes);
  let spec: AnswerSpec | undefined;
  while (reader.next()) {
    if (reader.is(RESPONSE.result, LEN)) readResult(reader.message());
    else if (reader.is(RESPONSE.spec, LEN)) spec = readAnswerSpec(reader.message());
    else reader.skip();
  }
  return spec;
}

/** How many examples a serialized answer is about; of MultiInference, whose tasks all answer the same ones, the first task's. */
export function exampleCount(method: "Classify" | "Regress" | "MultiInference", message: Uint8Array): number {
  const fields: readonly number[] = [2, 3];
  const results: WireReader[] = [];
  const reader = new WireReader(message);
  while (reader.next()) {
    if (!reader.is(1, LEN)) reader.skip();
    else if (method !== "MultiInference") results.push(reader.message());
    else if (results.length > 0) reader.skip();
    else {
      const task = reader.message();
      while (task.next()) {
        if (fields.includes(task.field) && task.type === LEN) results.push(task.message());
        else task.skip();
      }
    }
  }
  let count = 0;
  for (const result of results) {
    while (result.next()) {
      if (result.is(1, LEN)) count++;
      result.skip();
    }
  }
  return count;
}

/** `tensorflow.serving.ClassificationResult`. */
export function writeClassifications(writer: WireWriter, results: readonly Classes[]): void {
  for (const { labels, scores } of results) {
    writer.message(1, () => {
      for (let i = 0; i < scores.length; i++) {
        writer.message(1, () => {
          const label = labels[i] ?? EMPTY;
          if (label.length > 0) writer.lengthDelimited(1, label);
          writer.float(2, scores[i] as number);
        });
      }
    });
  }
}

export function readClassifications(reader: WireReader, into: Classes[]): void {
  while (reader.next()) {
    if (reader.is(1, LEN)) into.push(readClasses(reader.message()));
    else reader.skip();
  }
}

function readClasses(reader: WireReader): Classes {
  const labels: Uint8Array[] = [];
  const scores: number[] = [];
  while (reader.next()) {
    if (!reader.is(1, LEN)) {
      reader.skip();
      continue;
    }
    const one = reader.message();
    let label: Uint8Array = EMPTY;
    let score = 0;
    while (one.next()) {
      if (one.is(1, LEN)) label = one.view();
      else if (one.is(2, FIXED32)) score = one.float();
      else one.skip();
    }
    labels.push(label);
    scores.push(score);
  }
  return { labels, scores: Float32Array.from(scores) };
}

/** `tensorflow.serving.RegressionResult`. */
export function writeRegressions(writer: WireWriter, values: Float32Array): void {
  for (const value of values) writer.message(1, () => writer.float(1, value));
}

export function readRegressions(reader: WireReader, into: number[]): void {
  while (reader.next()) {
    if (!reader.is(1, LEN)) {
      reader.skip();
      continue;
    }
    const one = reader.message();
    let value = 0;
    while (one.next()) {
      if (one.is(1, FIXED32)) value = one.float();
      else one.skip();
    }
    into.push(value);
  }
}
