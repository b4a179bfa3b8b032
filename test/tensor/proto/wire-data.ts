import { readFileSync } from "node:fs";
import type { DTypeName, PredictRequest, SentPredictRequest, Tensor } from "../../../tensor/index.ts";

type Value = number | string | boolean | [Value, Value];

/** A row of `tensors.json`; see the comment in `test/data/wire/make.py`. */
export interface TensorRecord {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly values: Value[];
  readonly expect?: Value[];
  readonly proto_b64: string;
  readonly content_b64: string | null;
}

export interface MessageRecord {
  readonly name: string;
  readonly kind: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever shape the message has
  readonly json: any;
  readonly b64: string;
  readonly always_print?: boolean;
}

function read<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../data/wire/${name}`, import.meta.url), "utf8")) as T[];
}

export const TENSORS: readonly TensorRecord[] = read("tensors.json");
export const MESSAGES: readonly MessageRecord[] = read<MessageRecord>("messages.json").filter(
  (message) => message.always_print !== true,
);

export function unbase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

export function dtypeName(record: TensorRecord): DTypeName {
  return record.dtype.replace("DT_", "").toLowerCase() as DTypeName;
}

/** A request with its tensors read. */
export function whole(request: SentPredictRequest): PredictRequest {
  return { ...request, inputs: new Map([...request.inputs].map(([alias, read]) => [alias, read()])) };
}

/** Each value of a tensor as the records spell it: NaN has one spelling, whatever its bits. */
export function valuesOf(tensor: Tensor): Value[] {
  if (tensor.kind === "string") return tensor.values.map((value) => Buffer.from(value).toString("base64"));
  const { data, dtype } = tensor;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values: Value[] = [];
  for (let at = 0; at < data.length; at += dtype.itemBytes) values.push(valueAt(view, at, dtype.name));
  return values;
}

function spell(value: number): Value {
  return Number.isFinite(value) ? value : String(value);
}

function valueAt(view: DataView, at: number, name: string): Value {
  switch (name) {
    case "float":
      return spell(view.getFloat32(at, true));
    case "double":
      return spell(view.getFloat64(at, true));
    case "complex64":
      return [spell(view.getFloat32(at, true)), spell(view.getFloat32(at + 4, true))];
    case "complex128":
      return [spell(view.getFloat64(at, true)), spell(view.getFloat64(at + 8, true))];
    case "int64":
      return String(view.getBigInt64(at, true));
    case "uint64":
      return String(view.getBigUint64(at, true));
    case "bool":
      return view.getUint8(at) === 1;
    case "int32":
    case "qint32":
      return view.getInt32(at, true);
    case "uint32":
      return view.getUint32(at, true);
    case "int16":
    case "qint16":
      return view.getInt16(at, true);
    case "uint16":
    case "quint16":
    case "half":
    case "bfloat16":
      return view.getUint16(at, true);
    case "int8":
    case "qint8":
    case "int4":
    case "int2":
      return view.getInt8(at);
    default:
      return view.getUint8(at);
  }
}
