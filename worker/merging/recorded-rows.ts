import { elementCount, rowCount, type Signature, sliceRows, type Tensor } from "../../tensor/index.ts";
import type { Row } from "./made-up-rows.ts";

/** The inputs of a request that was kept with the model. */
export interface RecordedInputs {
  readonly signature: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** Of the rows of recorded requests, up to `limit` that differ and have the same dimensions as the first. */
export function recordedRows(signature: Signature, recorded: readonly RecordedInputs[], limit: number): readonly Row[] {
  const rows = new Map<string, Row>();
  let form: string | undefined;
  for (const { signature: key, inputs } of recorded) {
    if (key !== signature.key || !isWhole(signature, inputs)) continue;
    const count = rowCount(inputs) ?? 0;
    for (let at = 0; at < count && rows.size < limit; at++) {
      const row = new Map(Array.from(inputs, ([alias, tensor]) => [alias, sliceRows(tensor, at, 1)]));
      form ??= formOf(row);
      if (form === formOf(row)) rows.set(contentOf(row), row);
    }
  }
  return [...rows.values()];
}

/** Each input is there, with its dtype and as many values as its shape says. */
function isWhole({ inputs }: Signature, given: ReadonlyMap<string, Tensor>): boolean {
  return [...inputs].every(([alias, { dtype }]) => {
    const tensor = given.get(alias);
    if (tensor === undefined || tensor.dtype !== dtype) return false;
    const count = elementCount(tensor.shape);
    return tensor.kind === "packed"
      ? tensor.data.length === count * tensor.dtype.itemBytes
      : tensor.values.length === count;
  });
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
