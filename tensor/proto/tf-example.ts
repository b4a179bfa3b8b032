import { LEN } from "./reader.ts";
import { fieldSize, varintSize, WireWriter } from "./writer.ts";

/** Fields of `tensorflow.Feature`. */
const KINDS = { bytes: 1, float: 2, int64: 3 } as const;

export type FeatureKind = keyof typeof KINDS;

/** The values of one feature. */
export interface FeatureValues {
  /** Undefined for a feature without values. */
  readonly kind: FeatureKind | undefined;
  /** Of a bytes feature. */
  readonly strings: readonly Uint8Array[];
  /** Of a float feature: the first `count`. */
  readonly floats: Float64Array;
  /** Of an int64 feature: the first `count`, low and high half of each number. */
  readonly halves: Uint32Array;
  readonly count: number;
}

/** Serializes a `tensorflow.Example` feature by feature. */
export class FeaturesWriter {
  private readonly entries = new WireWriter(64);

  add(name: Uint8Array, feature: FeatureValues): void {
    const { entries } = this;
    const listBytes = listSize(feature);
    const featureBytes = feature.kind === undefined ? 0 : fieldSize(listBytes);
    // Features.feature is a map: an entry has the name in field 1, the feature in field 2.
    entries.tag(1, LEN);
    entries.varint(fieldSize(name.length) + fieldSize(featureBytes));
    entries.lengthDelimited(1, name);
    entries.tag(2, LEN);
    entries.varint(featureBytes);
    if (feature.kind === undefined) return;
    entries.tag(KINDS[feature.kind], LEN);
    entries.varint(listBytes);
    writeList(entries, feature);
  }

  finish(): Uint8Array {
    const features = this.entries.finish();
    const example = new WireWriter(fieldSize(features.length));
    example.lengthDelimited(1, features);
    return example.finish();
  }
}

/** Bytes of the BytesList, FloatList or Int64List, without its own tag and length. */
function listSize(feature: FeatureValues): number {
  let bytes = 0;
  switch (feature.kind) {
    case "bytes":
      for (const value of feature.strings) bytes += fieldSize(value.length);
      return bytes;
    case "float":
      return fieldSize(feature.count * 4);
    case "int64":
      return fieldSize(int64Bytes(feature));
    case undefined:
      return 0;
  }
}

function int64Bytes({ halves, count }: FeatureValues): number {
  let bytes = 0;
  for (let i = 0; i < count; i += 2) bytes += varintSize(halves[i] as number, halves[i + 1] as number);
  return bytes;
}

function writeList(writer: WireWriter, feature: FeatureValues): void {
  const { halves, count } = feature;
  if (feature.kind === "bytes") {
    for (const value of feature.strings) writer.lengthDelimited(1, value);
    return;
  }
  writer.tag(1, LEN);
  if (feature.kind === "float") {
    writer.varint(count * 4);
    const values = new Float32Array(feature.floats.subarray(0, count));
    writer.raw(new Uint8Array(values.buffer));
    return;
  }
  writer.varint(int64Bytes(feature));
  for (let i = 0; i < count; i += 2) writer.varint64(halves[i] as number, halves[i + 1] as number);
}
