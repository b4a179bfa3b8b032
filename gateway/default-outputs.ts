import type { Target } from "../config/index.ts";
import { DEFAULT_SIGNATURE, InferenceError } from "../core/index.ts";
import {
  type DType,
  decodePredictInputs,
  dtypeNamed,
  packedTensor,
  parseRequestBody,
  stringTensor,
  type Tensor,
} from "../tensor/index.ts";
import type { Answer, InferenceCall } from "./call.ts";
import type { OutputInfos, OutputTypes } from "./output-types.ts";
import { DEFAULT_ARM, type Route, type Stage } from "./routing/index.ts";

/** A request may name so many rows that nobody has room for as many answers. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * What the route answers Predict by itself, a row's values for each row of the request; undefined where it has none, for other
 * methods and for more rows than there is room for. Of the types that the targets' signatures give, where those are known.
 */
export function defaultAnswer(call: InferenceCall, route: Route, types: OutputTypes): Answer | undefined {
  const { defaultOutputs } = route.config;
  if (defaultOutputs === undefined || call.method !== "Predict") return undefined;
  const infos = infosOf(call, route, types);
  const rows = call.body.rowCount?.() ?? 1;
  const outputs = new Map<string, Tensor>();
  let bytes = 0;
  for (const [name, value] of defaultOutputs) {
    const row = rowOf(value, infos?.get(name)?.dtype);
    bytes += rows * bytesOf(row);
    if (bytes > MAX_BYTES) return undefined;
    outputs.set(name, repeated(row, rows));
  }
  const { name, signature } = call.spec;
  const spec = { name, version: undefined, signature: signature || DEFAULT_SIGNATURE };
  return { target: undefined, arm: DEFAULT_ARM, content: { is: "outputs", spec, outputs } };
}

function infosOf({ spec }: InferenceCall, { stages }: Route, types: OutputTypes): OutputInfos | undefined {
  for (const { model, signature } of stages.flatMap(answering)) {
    const infos = types.of(model ?? spec.name, signature ?? spec.signature);
    if (infos !== undefined) return infos;
  }
  return undefined;
}

/** The targets whose outputs become the answer. */
function answering(stage: Stage): readonly Target[] {
  switch (stage.by) {
    case "first":
      return stage.targets;
    case "chance":
      return stage.arms.map(({ target }) => target);
    case "chain":
      return stage.steps.slice(-1).map(({ target }) => target);
  }
}

/** One row. A value that `dtype` does not take has the type that it looks like. */
function rowOf(value: unknown, dtype: DType | undefined): Tensor {
  if (dtype !== undefined) {
    try {
      return read(value, dtype);
    } catch (thrown) {
      if (!(thrown instanceof InferenceError)) throw thrown;
    }
  }
  return read(value, ownType(value));
}

/** As a request's tensor is read, which knows the ranges and texts of all types. */
function read(value: unknown, dtype: DType): Tensor {
  const body = parseRequestBody(Buffer.from(`{"inputs":{"row":[${jsonOf(value)}]}}`), dtype.name);
  const inputs = new Map([["row", { name: "", dtype, shape: undefined }]]);
  const signature = { key: "", methodName: "", inputs, outputs: new Map(), defaults: new Map() };
  return decodePredictInputs(body, signature).inputs.get("row") as Tensor;
}

/** JSON itself has no words for numbers that are none. */
function jsonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function ownType(value: unknown): DType {
  if (Array.isArray(value)) return ownType(value[0]);
  if (typeof value === "string") return dtypeNamed("string");
  return dtypeNamed(typeof value === "boolean" ? "bool" : "float");
}

function bytesOf(row: Tensor): number {
  if (row.kind === "packed") return row.data.length;
  return row.values.reduce((sum, { length }) => sum + length + 8, 0);
}

function repeated(row: Tensor, rows: number): Tensor {
  const shape = [rows, ...row.shape.slice(1)];
  if (row.kind === "string") {
    const { values } = row;
    const count = rows * values.length;
    return stringTensor(
      shape,
      Array.from({ length: count }, (_, i) => values[i % values.length] as Uint8Array),
    );
  }
  const { dtype, data } = row;
  const bytes = Buffer.alloc(rows * data.length);
  for (let at = 0; at < bytes.length; at += data.length) bytes.set(data, at);
  return packedTensor(dtype, shape, bytes);
}
