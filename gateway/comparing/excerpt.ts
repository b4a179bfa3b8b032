import { type Classes, elementCount, type Tensor } from "../../tensor/index.ts";
import { labelOf } from "./compare-classes.ts";
import { rowLength } from "./compare-tensors.ts";
import { readingOf } from "./numbers.ts";

const MAX_VALUES = 8;
const MAX_TEXT = 40;

/** The first values of a row, as in `[0.25, 0.5, 0.125, …]`; "" where there is none. */
export function tensorExcerpt(tensor: Tensor | undefined, row: number): string {
  if (tensor === undefined) return "";
  const from = row * rowLength(tensor);
  const count = Math.max(0, Math.min(rowLength(tensor), elementCount(tensor.shape) - from));
  return listed(count, (i) => valueText(tensor, from + i));
}

/** As in `[cat 0.75, dog 0.25]`. */
export function classesExcerpt(classes: Classes | undefined): string {
  if (classes === undefined) return "";
  return listed(classes.scores.length, (i) => `${cut(labelOf(classes, i))} ${classes.scores[i]}`);
}

function listed(count: number, textOf: (i: number) => string): string {
  const texts = Array.from({ length: Math.min(count, MAX_VALUES) }, (_, i) => textOf(i));
  return `[${[...texts, ...(count > MAX_VALUES ? ["…"] : [])].join(", ")}]`;
}

function valueText(tensor: Tensor, i: number): string {
  if (tensor.kind === "string") return cut(JSON.stringify(Buffer.from(tensor.values[i] as Uint8Array).toString()));
  const { data, dtype } = tensor;
  const bytes = data.subarray(i * dtype.itemBytes, (i + 1) * dtype.itemBytes);
  if (dtype.name === "bool") return String(bytes[0] !== 0);
  const reading = readingOf(dtype.name);
  if (reading === undefined) return Buffer.from(bytes).toString("hex");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = Array.from({ length: reading.perElement }, (_, part) => reading.load(view, part * reading.bytes));
  return parts.join("+i");
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
