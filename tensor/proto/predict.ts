import { type Bytes, InferenceError, type ModelSpec } from "../../core/index.ts";
import { MAX_NAMES, StringBudget, tooMany } from "../limits.ts";
import type { Tensor } from "../tensor.ts";
import { readTensor } from "./decode-tensor.ts";
import {
  headedSize,
  liesAsInMemory,
  type TensorForm,
  type TensorHead,
  tensorSize,
  writeHeaded,
  writeKept,
  writeTensor,
} from "./encode-tensor.ts";
import { answerOf, MALFORMED } from "./malformed.ts";
import { readMapEntry } from "./map-entry.ts";
import { type AnswerSpec, readAnswerSpec, readSpec, writeAnswerSpec, writeSpec } from "./model-spec.ts";
import { type FieldReader, fieldReader } from "./piece-reader.ts";
import { LEN, WireReader } from "./reader.ts";
import { encodeUtf8 } from "./utf8.ts";
import { fieldSize, WireWriter } from "./writer.ts";

/** `tensorflow.serving.PredictRequest`; what it asks of streams is left out, as the stock server ignores it too. */
export interface PredictRequest {
  /** Undefined when the message has none; its name may be "". */
  readonly spec: ModelSpec | undefined;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Aliases of the outputs wanted; empty = all. */
  readonly outputFilter: readonly string[];
}

/**
 * A request as it came. A tensor is read when it is asked for: whether it can be is told after everything else that may be
 * wrong with the request, and of the one that is wanted first.
 */
export interface SentPredictRequest extends Omit<PredictRequest, "inputs"> {
  /** Each throws INVALID_ARGUMENT, `tensor parsing error: {alias}`, when its tensor cannot be read. */
  readonly inputs: ReadonlyMap<string, () => Tensor>;
}

export interface PredictResponse {
  readonly spec: AnswerSpec | undefined;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

const REQUEST = { spec: 1, inputs: 2, outputFilter: 3 } as const;
const RESPONSE = { outputs: 1, spec: 2 } as const;

/** Tensors are views of `bytes` where they can be, `tensor_content` in several pieces included. Throws INVALID_ARGUMENT for bytes that are no such message. */
export function decodePredictRequest(bytes: Bytes): SentPredictRequest {
  const reader = fieldReader(bytes);
  const inputs = new Map<string, () => Tensor>();
  const outputFilter: string[] = [];
  const budget = new StringBudget();
  let spec: ModelSpec | undefined;
  while (reader.next()) {
    if (inputs.size > MAX_NAMES || outputFilter.length > MAX_NAMES) throw tooMany("inputs or outputs", MAX_NAMES);
    if (reader.is(REQUEST.spec, LEN)) spec = readSpec(reader.message(), spec);
    else if (reader.is(REQUEST.inputs, LEN)) {
      const { key, value } = readMapEntry(reader.part());
      inputs.set(key, () => readNamed(key, value.fork(), budget));
    } else if (reader.is(REQUEST.outputFilter, LEN)) outputFilter.push(reader.string());
    else reader.skip();
  }
  return { spec, inputs, outputFilter };
}

export function encodePredictRequest(request: PredictRequest, form: TensorForm): Uint8Array {
  const writer = new WireWriter(sizeOf(request.inputs, form) + 256);
  writeRequest(writer, request, form, writeTensor);
  return writer.finish();
}

/** As `content`, with the memory of long tensors as pieces of the message: it must not change until that has been sent. */
export function encodePredictRequestPieces(request: PredictRequest): Bytes {
  const writer = new WireWriter();
  writeRequest(writer, request, "content", writeKept);
  return writer.finishPieces();
}

function writeRequest(
  writer: WireWriter,
  { spec, inputs, outputFilter }: PredictRequest,
  form: TensorForm,
  write: typeof writeTensor,
): void {
  if (spec !== undefined) writeSpec(writer, REQUEST.spec, spec);
  for (const [name, tensor] of inputs) {
    writeEntryHead(writer, REQUEST.inputs, name, tensorSize(tensor, form));
    write(writer, tensor, form);
  }
  for (const alias of outputFilter) writer.lengthDelimited(REQUEST.outputFilter, encodeUtf8(alias));
}

/** Throws INTERNAL with origin worker when the bytes are no such answer. */
export function decodePredictResponse(bytes: Uint8Array): PredictResponse {
  return answerOf(() => {
    const reader = new WireReader(bytes);
    const outputs = new Map<string, Tensor>();
    const budget = new StringBudget();
    let spec: AnswerSpec | undefined;
    while (reader.next()) {
      if (reader.is(RESPONSE.spec, LEN)) spec = readAnswerSpec(reader.message());
      else if (reader.is(RESPONSE.outputs, LEN)) readEntry(reader.message(), outputs, budget);
      else reader.skip();
    }
    return { spec, outputs };
  });
}

export function encodePredictResponse(
  spec: AnswerSpec,
  outputs: ReadonlyMap<string, Tensor>,
  form: TensorForm,
): Uint8Array {
  const writer = new WireWriter(sizeOf(outputs, form) + 256);
  writeTensors(writer, RESPONSE.outputs, outputs, form);
  writeAnswerSpec(writer, RESPONSE.spec, spec);
  return writer.finish();
}

/** A message that lacks only the values of its outputs, and for each of these its part of the message. */
export interface LaidOut {
  readonly message: Uint8Array;
  readonly places: readonly Uint8Array[];
}

/**
 * As {@link encodePredictResponse}, before the values are there: whoever has them copies them once, straight into their places.
 * Undefined where values do not travel as they lie in memory.
 */
export function layOutPredictResponse(
  spec: AnswerSpec,
  outputs: ReadonlyMap<string, TensorHead>,
  form: TensorForm,
): LaidOut | undefined {
  let bytes = 256;
  for (const [name, head] of outputs) {
    if (!liesAsInMemory(head.dtype, form)) return undefined;
    bytes += headedSize(head, form) + name.length * 4 + 32;
  }
  const writer = new WireWriter(bytes);
  const from: number[] = [];
  for (const [name, head] of outputs) {
    writeEntryHead(writer, RESPONSE.outputs, name, headedSize(head, form));
    from.push(writeHeaded(writer, head, form));
  }
  writeAnswerSpec(writer, RESPONSE.spec, spec);
  const message = writer.finish();
  const heads = [...outputs.values()];
  const places = from.map((at, i) => message.subarray(at, at + (heads[i]?.byteLength ?? 0)));
  return { message, places };
}

/** An entry of a `map<string, TensorProto>`. The last entry of a name wins. */
export function readEntry(reader: WireReader, into: Map<string, Tensor>, budget: StringBudget): void {
  const { key, value } = readMapEntry(reader);
  into.set(key, readNamed(key, value, budget));
}

/** The reason follows the words of TensorFlow Serving, which gives none. */
function readNamed(name: string, value: FieldReader, budget: StringBudget): Tensor {
  try {
    return readTensor(value, budget);
  } catch (thrown) {
    if (!(thrown instanceof InferenceError)) throw thrown;
    const reason = thrown.message.replace(MALFORMED, "");
    throw new InferenceError("INVALID_ARGUMENT", `tensor parsing error: ${name}: ${reason}`, { cause: thrown });
  }
}

function entrySize(name: Uint8Array, tensorBytes: number): number {
  return fieldSize(name.length) + fieldSize(tensorBytes);
}

function sizeOf(tensors: ReadonlyMap<string, Tensor>, form: TensorForm): number {
  let bytes = 0;
  // 4 for each byte of a name's text covers any UTF-8, 32 the tags and lengths.
  for (const [name, tensor] of tensors) bytes += tensorSize(tensor, form) + name.length * 4 + 32;
  return bytes;
}

function writeTensors(writer: WireWriter, field: number, tensors: ReadonlyMap<string, Tensor>, form: TensorForm): void {
  for (const [name, tensor] of tensors) {
    writeEntryHead(writer, field, name, tensorSize(tensor, form));
    writeTensor(writer, tensor, form);
  }
}

/** Of a map's entry all that stands before its tensor. */
function writeEntryHead(writer: WireWriter, field: number, name: string, tensorBytes: number): void {
  const key = encodeUtf8(name);
  writer.tag(field, LEN);
  writer.varint(entrySize(key, tensorBytes));
  writer.lengthDelimited(1, key);
  writer.tag(2, LEN);
  writer.varint(tensorBytes);
}
