import { InferenceError } from "../../core/index.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { beforeElement, newLine } from "./layout.ts";
import { type ListLayout, listLayout } from "./list-layout.ts";
import type { PredictFormat } from "./predict-inputs.ts";
import { isWorthKernel, writeNumbers } from "./write-numbers.ts";
import { writeText } from "./write-text.ts";
import { elementWriter, type JsonWriting, type WriteElement } from "./write-values.ts";

/** An output on its way into JSON: which element comes next. */
interface Column {
  /** Empty for the name of a single output, which is not written. */
  readonly key: Uint8Array;
  readonly tensor: Tensor;
  readonly write: WriteElement;
  readonly strict: boolean;
  next: number;
  /** Around its numbers: each row's, or that of the whole. */
  layout?: ListLayout;
}

const NO_KEY = new Uint8Array(0);

/**
 * The answer to a predict request, in the form that it was asked in: `{"predictions": [...]}` or `{"outputs": ...}`. The
 * name of a single output is left out. Throws INVALID_ARGUMENT when rows cannot be made of the outputs, or for a dtype
 * that JSON has no values for. Layout and texts are those of `json_tensor.cc`.
 */
export function encodePredictOutputs(
  format: PredictFormat,
  outputs: ReadonlyMap<string, Tensor>,
  { strict = false }: JsonWriting = {},
): Uint8Array {
  if (outputs.size === 0) throw new InferenceError("INVALID_ARGUMENT", "Cannot convert empty tensor map to JSON");
  return format === "row" ? encodeRows(outputs, strict) : encodeColumns(outputs, strict);
}

function columnsOf(outputs: ReadonlyMap<string, Tensor>, strict: boolean): Column[] {
  return [...outputs].map(([name, tensor]) => ({
    key: outputs.size === 1 ? NO_KEY : new TextEncoder().encode(name),
    tensor,
    write: elementWriter(name, tensor, strict),
    strict,
    next: 0,
  }));
}

/** Room for a short number each; it grows from there. */
function expectedBytes(outputs: ReadonlyMap<string, Tensor>): number {
  let elements = 0;
  for (const tensor of outputs.values()) {
    elements += tensor.kind === "string" ? tensor.values.length : tensor.data.length / tensor.dtype.itemBytes;
  }
  return 64 + elements * 12;
}

function encodeRows(outputs: ReadonlyMap<string, Tensor>, strict: boolean): Uint8Array {
  const rows = rowCount(outputs);
  const columns = columnsOf(outputs, strict);
  const out = new ByteBuffer(expectedBytes(outputs));
  out.ascii('{\n    "predictions": [');
  if (columns.length === 1 && writeAllRows(out, columns[0] as Column)) {
    out.ascii("\n    ]\n}");
    return out.finish();
  }
  for (let row = 0; row < rows; row++) {
    if (columns.length === 1) {
      beforeElement(out, row, 2, true);
      writeTensor(out, columns[0] as Column, 1, 2, true);
      continue;
    }
    beforeElement(out, row, 2, false);
    out.byte(0x7b);
    for (const [i, column] of columns.entries()) {
      writeKey(out, column.key, i, 3);
      writeTensor(out, column, 1, 3, true);
    }
    newLine(out, 2);
    out.byte(0x7d);
  }
  if (rows > 0) newLine(out, 1);
  out.ascii("]\n}");
  return out.finish();
}

/** All rows at once, where the kernels can. */
function writeAllRows(out: ByteBuffer, { tensor, strict }: Column): boolean {
  if (tensor.kind !== "packed" || !isWorthKernel(tensor, tensor.shape)) return false;
  // The outermost list's brackets are written already, or stand on another line.
  const rank = tensor.shape.length;
  const rows = listLayout(rank, 1, true);
  const row = listLayout(rank - 1, 2, true);
  const start = out.length;
  out.raw(row.open);
  if (writeNumbers(out, tensor, 0, tensor.shape, rows.between, strict)) {
    out.raw(row.close);
    return true;
  }
  out.length = start;
  return false;
}

/** The first dimension, which all outputs must share. */
function rowCount(outputs: ReadonlyMap<string, Tensor>): number {
  let rows: number | undefined;
  for (const [name, { shape }] of outputs) {
    const [size] = shape;
    if (size === undefined) {
      throw new InferenceError("INVALID_ARGUMENT", `Tensor name: ${name} has no shape information `);
    }
    rows ??= size;
    if (rows !== size) {
      throw new InferenceError(
        "INVALID_ARGUMENT",
        `Tensor name: ${name} has inconsistent batch size: ${size} expecting: ${rows}`,
      );
    }
  }
  return rows ?? 0;
}

function encodeColumns(outputs: ReadonlyMap<string, Tensor>, strict: boolean): Uint8Array {
  const columns = columnsOf(outputs, strict);
  const out = new ByteBuffer(expectedBytes(outputs) * 2);
  out.ascii('{\n    "outputs": ');
  if (columns.length === 1) writeTensor(out, columns[0] as Column, 0, 1, false);
  else {
    out.byte(0x7b);
    for (const [i, column] of columns.entries()) {
      writeKey(out, column.key, i, 2);
      writeTensor(out, column, 0, 2, false);
    }
    newLine(out, 1);
    out.byte(0x7d);
  }
  out.ascii("\n}");
  return out.finish();
}

function writeKey(out: ByteBuffer, key: Uint8Array, index: number, depth: number): void {
  beforeElement(out, index, depth, false);
  writeText(out, key);
  out.ascii(": ");
}

/** The next elements of a column from dimension `dim` on, as lists in lists that begin `depth` deep. */
function writeTensor(out: ByteBuffer, column: Column, dim: number, depth: number, oneLine: boolean): void {
  const { tensor, strict } = column;
  const sizes = tensor.shape.slice(dim);
  if (tensor.kind === "packed" && isWorthKernel(tensor, sizes)) {
    column.layout ??= listLayout(sizes.length, depth, oneLine);
    const { open, between, close } = column.layout;
    const start = out.length;
    out.raw(open);
    if (writeNumbers(out, tensor, column.next, sizes, between, strict)) {
      out.raw(close);
      column.next += elementCount(sizes);
      return;
    }
    out.length = start;
  }
  writeLists(out, column, dim, depth, oneLine);
}

/** The same, one element at a time. */
function writeLists(out: ByteBuffer, column: Column, dim: number, depth: number, oneLine: boolean): void {
  const size = column.tensor.shape[dim];
  if (size === undefined) {
    column.write(out, column.next++, depth);
    return;
  }
  out.byte(0x5b);
  for (let i = 0; i < size; i++) {
    beforeElement(out, i, depth + 1, oneLine);
    writeLists(out, column, dim + 1, depth + 1, oneLine);
  }
  if (size > 0 && !oneLine) newLine(out, depth);
  out.byte(0x5d);
}
