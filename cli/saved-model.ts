import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs/minimal.js";
import { parseTextFormat } from "../config/index.ts";
import { codec } from "../protos/index.ts";
import { parseSignatureDefMap, type Signatures, signatureDefMapOf } from "../tensor/index.ts";

export interface MetaGraph {
  readonly tags: readonly string[];
  /** Of the writer; "" when it didn't say. */
  readonly tensorflowVersion: string;
  readonly signatures: Signatures;
}

export interface SavedModel {
  readonly metaGraphs: readonly MetaGraph[];
  /** Of all files in the folder. */
  readonly sizeBytes: number;
}

const SAVED_MODEL = "tensorflow.SavedModel";

export function isSavedModel(folder: string): boolean {
  return existsSync(join(folder, "saved_model.pb")) || existsSync(join(folder, "saved_model.pbtxt"));
}

/** Reads what a SavedModel folder says of itself, without TensorFlow. Throws on a file that is none. */
export function readSavedModel(folder: string): SavedModel {
  return { metaGraphs: metaGraphsOf(savedModelBytes(folder)).map(readMetaGraph), sizeBytes: folderBytes(folder) };
}

function savedModelBytes(folder: string): Uint8Array {
  const binary = join(folder, "saved_model.pb");
  if (existsSync(binary)) return readFileSync(binary);
  const text = join(folder, "saved_model.pbtxt");
  return codec<object>(SAVED_MODEL).encode(parseTextFormat(readFileSync(text, "utf8"), SAVED_MODEL, text));
}

/** The bytes of a message's fields with this number, as views; everything else, however large, is skipped. */
function fieldBytes(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = protobuf.Reader.create(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === wanted && (tag & 7) === 2) found.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}

/** SavedModel.meta_graphs = 2. */
function metaGraphsOf(savedModel: Uint8Array): Uint8Array[] {
  return fieldBytes(savedModel, 2);
}

/** MetaGraphDef.meta_info_def = 1, with tags = 4 and tensorflow_version = 5. */
function readMetaGraph(metaGraph: Uint8Array): MetaGraph {
  const text = new TextDecoder();
  const info = fieldBytes(metaGraph, 1)[0] ?? new Uint8Array();
  return {
    tags: fieldBytes(info, 4).map((tag) => text.decode(tag)),
    tensorflowVersion: text.decode(fieldBytes(info, 5).at(-1)),
    signatures: parseSignatureDefMap(signatureDefMapOf(metaGraph)),
  };
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
