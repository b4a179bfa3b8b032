import { rowCount, type Signature, sliceRows, type Tensor } from "../../tensor/index.ts";
import type { Row } from "./made-up-rows.ts";

/** The inputs of a request that was kept with the model. */
export interface RecordedInputs {
  readonly signature: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

export interface RowLimits {
  readonly rows: number;
  /** Of all together. */
  readonly bytes: number;
}

/** Of the rows of recorded requests, as many within the limits as differ and have the same dimensions as the first. */
export function recordedRows(
  signature: Signature,
  recorded: readonly RecordedInputs[],
  limits: RowLimits,
): readonly Row[] {
  const rows = new Map<string, Row>();
  let form: string | undefined;
  let bytes = 0;
  for (const { signature: key, inputs } of recorded) {
    if (key !== signature.key || ![...signature.inputs.keys()].every((alias) => inputs.has(alias))) continue;
    const count = rowCount(inputs) ?? 0;
    for (let at = 0; at < count && rows.size < limits.rows; at++) {
      const row = new Map(Array.from(inputs, ([alias, tensor]) => [alias, sliceRows(tensor, at, 1)]));
      form ??= formOf(row);
      if (form !== formOf(row)) continue;
      bytes += bytesOf(row);
      if (bytes > limits.bytes) break;
      rows.set(contentOf(row), row);
    }
  }
  return [...rows.values()];
}

function bytesOf(row: Row): number {
  let bytes = 0;
  for (const tensor of row.values()) {
    for (const { length } of tensor.kind === "packed" ? [tensor.data] : tensor.values) bytes += length;
  }
  return bytes;
}

function formOf(row: Row): string {
  return JSON.stringify(Array.from(row, ([alias, { shape }]) => [alias, shape]));
}

function contentOf(row: Row): string {
  return JSON.stringify(
    Array.from(row.values(), (tensor) =>
      (tensor.kind === "packed" ? [tensor.data] : tensor.values).map((bytes) => Buffer.from(bytes).toString("base64")),
    ),
  );
}
