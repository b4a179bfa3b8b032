import { InferenceError } from "../../core/index.ts";
import type { DType } from "../dtype.ts";
import type { TensorInfo } from "../signature.ts";
import { packedTensor, type Tensor } from "../tensor.ts";
import { base64Value } from "./base64.ts";
import { CLOSE_BRACKET, eachElement, eachMember, OPEN_BRACE, skipSpace, skipValue } from "./cursor.ts";
import { DenseReader } from "./dense.ts";
import { quoteJson } from "./quote.ts";
import { numberListAt, type Source } from "./source.ts";
import { stringEquals, stringText } from "./text.ts";

/**
 * The elements of `instances`, the list at `at`, stacked into a tensor for each input; undefined when there are none. An
 * element is the value of the one input, or an object with a value for each.
 */
export function readRows(
  source: Source,
  at: number,
  infos: ReadonlyMap<string, TensorInfo>,
): Map<string, Tensor> | undefined {
  const { bytes } = source;
  const first = skipSpace(bytes, at + 1);
  if (bytes[first] === CLOSE_BRACKET) return undefined;
  const columns = [...infos].map(([name, { dtype }], index) => new Column(source, name, index, dtype));
  const named = isObjectElement(bytes, first);
  if (!named && columns.length > 1) {
    throw new InferenceError(
      "INVALID_ARGUMENT",
      "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
    );
  }
  const only = columns[0] as Column;
  const tensor = named ? undefined : only.whole(at);
  if (tensor !== undefined) return new Map([[only.name, tensor]]);
  let rows = 0;
  eachElement(bytes, at, (valueAt, row) => {
    rows = row + 1;
    if (isObjectElement(bytes, valueAt) === named) {
      return named ? readObject(bytes, valueAt, row, columns) : readPlain(only, valueAt, row);
    }
    const what = named ? "Expecting object but got list" : "Expecting value/list but got object";
    throw new InferenceError("INVALID_ARGUMENT", `${what} at item ${row} of input list`);
  });
  return new Map(columns.map((column) => [column.name, column.finish(rows)]));
}

function isObjectElement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === OPEN_BRACE && base64Value(bytes, at) < 0;
}

function readPlain(column: Column, at: number, row: number): number {
  try {
    return column.add(at, row);
  } catch (thrown) {
    throw rowError(row, "", thrown);
  }
}

function readObject(bytes: Uint8Array, at: number, row: number, columns: readonly Column[]): number {
  let seen = 0;
  // Objects mostly have their members in one order: the next name is tried first.
  let guess = 0;
  const end = eachMember(bytes, at, (nameAt, valueAt) => {
    const column = findColumn(bytes, nameAt, columns, guess);
    try {
      if (column === undefined) {
        const message = `JSON object: does not have named input: ${stringText(bytes, nameAt)}`;
        throw new InferenceError("INVALID_ARGUMENT", message);
      }
      guess = column.index + 1;
      if (column.lastRow === row) return skipValue(bytes, valueAt);
      seen++;
      return column.add(valueAt, row);
    } catch (thrown) {
      throw rowError(row, `key: ${stringText(bytes, nameAt)} `, thrown);
    }
  });
  if (seen === columns.length) return end;
  const names = columns.map((column) => column.name).sort();
  throw new InferenceError(
    "INVALID_ARGUMENT",
    `Failed to process element: ${row} of 'instances' list. JSON object: ${quoteJson(bytes, at)} keys must be equal to: ${names.join(",")}`,
  );
}

function findColumn(bytes: Uint8Array, nameAt: number, columns: readonly Column[], guess: number): Column | undefined {
  const likely = columns[guess];
  if (likely !== undefined && stringEquals(bytes, nameAt, likely.nameBytes)) return likely;
  return columns.find((column) => stringEquals(bytes, nameAt, column.nameBytes));
}

function rowError(row: number, key: string, thrown: unknown): unknown {
  if (!(thrown instanceof InferenceError)) return thrown;
  return new InferenceError(
    "INVALID_ARGUMENT",
    `Failed to process element: ${row} ${key}of 'instances' list. Error: ${thrown.code}: ${thrown.message}`,
    { cause: thrown },
  );
}

/** One input over all rows. The first row sets the shape that the others must have. */
class Column {
  readonly name: string;
  readonly index: number;
  lastRow = -1;
  private encodedName: Uint8Array | undefined;
  private readonly source: Source;
  private readonly dtype: DType | undefined;
  private readonly reader: DenseReader;
  private rowShape: readonly number[] = [];
  private rowCount = 0;

  constructor(source: Source, name: string, index: number, dtype: DType | undefined) {
    this.source = source;
    this.dtype = dtype;
    this.name = name;
    this.index = index;
    this.reader = new DenseReader(source, dtype);
  }

  /** Only rows that are objects have names. */
  get nameBytes(): Uint8Array {
    this.encodedName ??= new TextEncoder().encode(this.name);
    return this.encodedName;
  }

  /** The tensor that the list of rows at `at` is, when it is one of numbers only. */
  whole(at: number): Tensor | undefined {
    const list = numberListAt(this.source, at, this.dtype);
    return list === undefined || this.dtype === undefined ? undefined : packedTensor(this.dtype, list.shape, list.data);
  }

  /** Takes the value at `at` and gives where it ends. */
  add(at: number, row: number): number {
    const { reader } = this;
    const end = reader.read(at);
    if (this.lastRow < 0) {
      this.rowShape = reader.shape();
      this.rowCount = reader.count;
    } else this.checkShape();
    this.lastRow = row;
    return end;
  }

  private checkShape(): void {
    const { reader, rowShape, rowCount } = this;
    if (reader.count !== rowCount) {
      throw new InferenceError("INVALID_ARGUMENT", `Expecting tensor size: ${rowCount} but got: ${reader.count}`);
    }
    let same = reader.rank === rowShape.length;
    for (let i = 0; same && i < rowShape.length; i++) same = reader.sizes[i] === rowShape[i];
    if (same) return;
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `Expecting shape [${rowShape.join(",")}] but got: [${reader.shape().join(",")}]`,
    );
  }

  finish(rows: number): Tensor {
    return this.reader.finish([rows, ...this.rowShape]);
  }
}
