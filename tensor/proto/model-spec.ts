import { LATEST, type ModelName, type ModelSpec, modelName, type Version, version } from "../../core/index.ts";
import { LEN, VARINT, type WireReader } from "./reader.ts";
import type { WireWriter } from "./writer.ts";

/** `tensorflow.serving.ModelSpec`. */
export const SPEC_FIELDS = { name: 1, version: 2, signature: 3, label: 4 } as const;

/** The spec of an answer: what was asked for, and the version that answered (undefined when the answer names none). */
export interface AnswerSpec {
  readonly name: ModelName;
  readonly version: Version | undefined;
  /** Resolved, so never "" from a server. */
  readonly signature: string;
}

/** Reads further occurrences into what earlier ones left, as protobuf merges messages. Name and signature may be "". */
export function readSpec(reader: WireReader, before?: ModelSpec): ModelSpec {
  let name: string = before?.name ?? "";
  let signature = before?.signature ?? "";
  let choice = before?.choice ?? LATEST;
  while (reader.next()) {
    if (reader.is(SPEC_FIELDS.name, LEN)) name = reader.string();
    else if (reader.is(SPEC_FIELDS.signature, LEN)) signature = reader.string();
    else if (reader.is(SPEC_FIELDS.label, LEN)) choice = { by: "label", label: reader.string() };
    else if (reader.is(SPEC_FIELDS.version, LEN)) {
      const was = choice.by === "version" ? choice.version : 0n;
      choice = { by: "version", version: readWrapper(reader.message(), was) };
    } else reader.skip();
  }
  return { name: modelName(name), choice, signature };
}

/** `google.protobuf.Int64Value`; an empty one holds 0. */
function readWrapper(reader: WireReader, was: bigint): Version {
  let value = was;
  while (reader.next()) {
    if (reader.is(1, VARINT)) value = reader.int64();
    else reader.skip();
  }
  return version(value);
}

export function readAnswerSpec(reader: WireReader): AnswerSpec {
  const { name, choice, signature } = readSpec(reader);
  return { name, version: choice.by === "version" ? choice.version : undefined, signature };
}

export function writeVersion(writer: WireWriter, value: bigint): void {
  writer.message(SPEC_FIELDS.version, () => {
    if (value === 0n) return;
    writer.tag(1, VARINT);
    writer.int64(value);
  });
}

export function writeSpec(writer: WireWriter, field: number, spec: ModelSpec): void {
  const { choice } = spec;
  writer.message(field, () => {
    writer.string(SPEC_FIELDS.name, spec.name);
    if (choice.by === "version") writeVersion(writer, choice.version);
    writer.string(SPEC_FIELDS.signature, spec.signature);
    // A member of a oneof: there even when empty.
    if (choice.by === "label") writer.lengthDelimited(SPEC_FIELDS.label, Buffer.from(choice.label));
  });
}

export function writeAnswerSpec(writer: WireWriter, field: number, spec: AnswerSpec): void {
  writer.message(field, () => {
    writer.string(SPEC_FIELDS.name, spec.name);
    if (spec.version !== undefined) writeVersion(writer, spec.version);
    writer.string(SPEC_FIELDS.signature, spec.signature);
  });
}
