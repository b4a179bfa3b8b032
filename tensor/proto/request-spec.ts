import { type Bytes, joined, type ModelName, type ModelSpec, type Version } from "../../core/index.ts";
import { MAX_NAMES, tooMany } from "../limits.ts";
import { readSpec, SPEC_FIELDS, writeVersion } from "./model-spec.ts";
import { PieceCutter } from "./piece-cutter.ts";
import { fieldReader } from "./piece-reader.ts";
import { LEN, WireReader } from "./reader.ts";
import { encodeUtf8 } from "./utf8.ts";
import { WireWriter } from "./writer.ts";

/** The calls whose request names a model: in field 1, and for MultiInference in field 1 of each task, itself field 1. */
export type RequestMethod =
  | "Predict"
  | "Classify"
  | "Regress"
  | "MultiInference"
  | "GetModelMetadata"
  | "GetModelStatus";

const SPEC_FIELD = 1;

/**
 * What model a serialized request asks for, without reading the rest of it; undefined when it has no ModelSpec. For
 * MultiInference it is the first task's. Throws INVALID_ARGUMENT for bytes that are no message.
 */
export function requestSpec(method: RequestMethod, bytes: Bytes): ModelSpec | undefined {
  const reader = fieldReader(bytes);
  let spec: ModelSpec | undefined;
  let taskSeen = false;
  while (reader.next()) {
    if (!reader.is(SPEC_FIELD, LEN)) reader.skip();
    else if (method !== "MultiInference") spec = readSpec(reader.message(), spec);
    else if (taskSeen) reader.skip();
    else {
      taskSeen = true;
      spec = specOf(reader.message());
    }
  }
  return spec;
}

function specOf(task: WireReader): ModelSpec | undefined {
  let spec: ModelSpec | undefined;
  while (task.next()) {
    if (task.is(SPEC_FIELD, LEN)) spec = readSpec(task.message(), spec);
    else task.skip();
  }
  return spec;
}

export interface SpecChange {
  readonly name?: ModelName;
  readonly version: Version;
  /** Not of MultiInference, whose tasks each name their own. */
  readonly signature?: string;
}

/**
 * The same request for one version (and, if given, under another name): version and label give way to the version, all
 * other bytes stay as they are, unknown fields too, and where they are: they are not copied. For MultiInference every task is
 * changed. A request without a ModelSpec stays without one. Throws INVALID_ARGUMENT.
 */
export function rewriteRequestSpec(method: RequestMethod, bytes: Bytes, change: SpecChange): readonly Uint8Array[] {
  const { signature: _, ...inTask } = change;
  const rewrite =
    method === "MultiInference"
      ? (task: Uint8Array): Uint8Array => joined(rewriteFields(task, (spec, last) => rewriteSpec(spec, last, inTask)))
      : (spec: Uint8Array, last: boolean): Uint8Array => rewriteSpec(spec, last, change);
  return rewriteFields(bytes, rewrite);
}

/** The rest of a request: what it asks, but for the model (of MultiInference: but for its tasks). Throws INVALID_ARGUMENT. */
export function requestWithoutSpec(bytes: Bytes): readonly Uint8Array[] {
  const reader = fieldReader(bytes);
  const cut = new PieceCutter(bytes);
  while (reader.next()) {
    const { start } = reader;
    const isSpec = reader.is(SPEC_FIELD, LEN);
    reader.skip();
    if (!isSpec) continue;
    cut.keepTo(start);
    cut.dropTo(reader.pos);
  }
  return cut.finish();
}

/** Passes each value of field 1 through `rewrite`, which is told which one is the last, and leaves the rest as it lies. */
function rewriteFields(bytes: Bytes, rewrite: (value: Uint8Array, last: boolean) => Uint8Array): readonly Uint8Array[] {
  const spans: { readonly start: number; readonly value: Uint8Array; readonly end: number }[] = [];
  const reader = fieldReader(bytes);
  while (reader.next()) {
    const { start } = reader;
    if (spans.length > MAX_NAMES) throw tooMany("model specs", MAX_NAMES);
    if (reader.is(SPEC_FIELD, LEN)) spans.push({ start, value: reader.view(), end: reader.pos });
    else reader.skip();
  }
  const cut = new PieceCutter(bytes);
  for (const [i, span] of spans.entries()) {
    cut.keepTo(span.start);
    const writer = new WireWriter(span.value.length + 64);
    writer.lengthDelimited(SPEC_FIELD, rewrite(span.value, i === spans.length - 1));
    cut.put(writer.finish());
    cut.dropTo(span.end);
  }
  return cut.finish();
}

/** Only the last of several occurrences, which are merged when read, gets the new fields. */
function rewriteSpec(spec: Uint8Array, last: boolean, change: SpecChange): Uint8Array {
  const writer = new WireWriter(spec.length + 32);
  const reader = new WireReader(spec);
  while (reader.next()) {
    const { start, field } = reader;
    const gone =
      field === SPEC_FIELDS.version ||
      field === SPEC_FIELDS.label ||
      (field === SPEC_FIELDS.name && change.name !== undefined) ||
      (field === SPEC_FIELDS.signature && change.signature !== undefined);
    reader.skip();
    if (!gone) writer.raw(spec.subarray(start, reader.pos));
  }
  if (last) {
    if (change.name !== undefined) writer.lengthDelimited(SPEC_FIELDS.name, encodeUtf8(change.name));
    writeVersion(writer, change.version);
    if (change.signature !== undefined) writer.lengthDelimited(SPEC_FIELDS.signature, encodeUtf8(change.signature));
  }
  return writer.finish();
}
