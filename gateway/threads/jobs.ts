import type { Tolerance } from "../../config/index.ts";
import type { ModelSpec } from "../../core/index.ts";
import {
  decodeClassificationResponse,
  decodeExamples,
  decodePredictInputs,
  decodePredictResponse,
  decodeRegressionResponse,
  dtypeOf,
  encodeClassifications,
  encodeExamplesRequest,
  encodePredictOutputs,
  encodePredictRequest,
  encodeRegressions,
  type JsonReading,
  type JsonWriting,
  memoryOfBody,
  type PredictFormat,
  type PredictInputs,
  parseRequestBody,
  type RequestBody,
  type Signature,
  type TensorInfo,
} from "../../tensor/index.ts";
import { type ComparedMethod, compareAnswers } from "../comparing/index.ts";
import { memoryOf } from "./own-memory.ts";

import { failureReply } from "./reply.ts";

/** What a thread is given to do: plain data. Its large arrays move to the thread, and come back or end with its result. */
export type Job =
  | { readonly do: "parse"; readonly parts: readonly Uint8Array[] }
  | {
      readonly do: "decode predict";
      readonly body: RequestBody;
      readonly spec: ModelSpec;
      readonly inputs: InputTypes;
      readonly reading: JsonReading;
    }
  | {
      readonly do: "decode examples";
      readonly body: RequestBody;
      readonly spec: ModelSpec;
      readonly reading: JsonReading;
    }
  | {
      readonly do: "encode";
      readonly message: Uint8Array;
      readonly answer: AnswerKind;
      readonly writing: JsonWriting;
    }
  | {
      readonly do: "compare";
      readonly method: ComparedMethod;
      /** Response messages. */
      readonly answers: readonly [one: Uint8Array, other: Uint8Array];
      readonly tolerance: Tolerance;
    };

/** Names and dtype numbers of a signature's inputs, in order; 0 stands for none. */
export type InputTypes = readonly (readonly [name: string, dtype: number])[];

/** How a response message is written as JSON. */
export type AnswerKind =
  | { readonly of: "Predict"; readonly format: PredictFormat }
  | { readonly of: "Classify" }
  | { readonly of: "Regress" };

/** A result, and which of its memory moves to the other side with it. */
export interface Done {
  readonly result: unknown;
  readonly moved: readonly ArrayBuffer[];
}

/** May throw InferenceError, as the functions of `tensor/json` do that it calls. */
export function perform(job: Job): Done {
  switch (job.do) {
    case "parse": {
      const body = parseRequestBody(wholeOf(job.parts));
      return { result: body, moved: memoryOfBody(body).flatMap(memoryOf) };
    }
    case "decode predict": {
      const { body, spec } = job;
      const signature = signatureOf(spec.signature, job.inputs);
      // What was read of it already is in the message now; a version of other types would have it read anew.
      const kept = { ...body, lists: new Map() };
      let decoded: PredictInputs;
      try {
        decoded = decodePredictInputs(body, signature, job.reading);
      } catch (thrown) {
        // Another version, or another model, may like it better.
        return { result: { is: "refused", failure: failureReply(thrown), body: kept }, moved: memoryOf(body.bytes) };
      }
      const { format, inputs, outputFilter } = decoded;
      const message = trimmed(encodePredictRequest({ spec, inputs, outputFilter }, "content"));
      let strings = 0;
      for (const tensor of inputs.values()) if (tensor.kind === "string") strings += tensor.values.length;
      return {
        result: { is: "decoded", message, format, strings, body: kept },
        moved: [message, body.bytes].flatMap(memoryOf),
      };
    }
    case "decode examples": {
      const input = decodeExamples(job.body, job.reading);
      const message = trimmed(encodeExamplesRequest({ spec: job.spec, input }));
      return { result: { message, strings: input.examples.length }, moved: memoryOf(message) };
    }
    case "encode": {
      const json = trimmed(answerJson(job.answer, job.message, job.writing));
      return { result: json, moved: memoryOf(json) };
    }
    case "compare": {
      const [one, other] = job.answers;
      const contents = [{ is: "message", message: one } as const, { is: "message", message: other } as const] as const;
      return { result: compareAnswers(job.method, ...contents, job.tolerance), moved: [] };
    }
  }
}

export function answerJson(answer: AnswerKind, message: Uint8Array, writing: JsonWriting): Uint8Array {
  switch (answer.of) {
    case "Predict":
      return encodePredictOutputs(answer.format, decodePredictResponse(message).outputs, writing);
    case "Classify":
      return encodeClassifications(decodeClassificationResponse(message).results, writing);
    case "Regress":
      return encodeRegressions(decodeRegressionResponse(message).values, writing);
  }
}

function wholeOf(parts: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** As much of it as decoding asks for. */
function signatureOf(key: string, types: InputTypes): Signature {
  const inputs = new Map<string, TensorInfo>();
  for (const [name, number] of types) inputs.set(name, { name: "", dtype: dtypeOf(number), shape: undefined });
  return { key, methodName: "", inputs, outputs: new Map(), defaults: new Map() };
}

/**
 * With memory of its own: writers grow theirs ahead, and short texts stand in the pool of Node's Buffers, which does not move. Up to
 * a tenth unused is sent along.
 */
function trimmed(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength <= bytes.length * 1.1 ? bytes : new Uint8Array(bytes);
}
