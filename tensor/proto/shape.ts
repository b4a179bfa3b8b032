import { malformed } from "./malformed.ts";
import { LEN, VARINT, type WireReader } from "./reader.ts";
import { fieldSize, varintSize, type WireWriter } from "./writer.ts";

/** `tensorflow.TensorShapeProto`, read in full; the dims of repeated occurrences are appended, as protobuf merges them. */
export interface WireShape {
  readonly dims: number[];
  unknownRank: boolean;
}

/** What TensorFlow can hold (`TensorShape::MaxDimensions`). */
export const MAX_RANK = 254;

export function readShape(reader: WireReader, shape: WireShape): void {
  while (reader.next()) {
    if (reader.is(2, LEN)) {
      // Far more than any tensor has; keeps a hostile message from building a list of its own length.
      if (shape.dims.length > MAX_RANK) throw malformed(`a tensor has more than ${MAX_RANK} dimensions`);
      shape.dims.push(readDim(reader.message()));
    } else if (reader.is(3, VARINT)) shape.unknownRank = reader.bool();
    else reader.skip();
  }
}

function readDim(reader: WireReader): number {
  let size = 0;
  while (reader.next()) {
    if (reader.is(1, VARINT)) size = reader.int64Number();
    else reader.skip();
  }
  return size;
}

function dimBytes(size: number): number {
  return size === 0 ? 0 : 1 + varintSize(size % 2 ** 32, Math.floor(size / 2 ** 32));
}

/** Bytes of the message, without its own tag and length. */
export function shapeSize(shape: readonly number[]): number {
  let bytes = 0;
  for (const size of shape) bytes += fieldSize(dimBytes(size));
  return bytes;
}

export function writeShape(writer: WireWriter, shape: readonly number[]): void {
  for (const size of shape) {
    writer.tag(2, LEN);
    writer.varint(dimBytes(size));
    writer.number(1, size);
  }
}
