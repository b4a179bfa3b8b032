import { dtypeOf } from "../dtype.ts";
import { StringBudget } from "../limits.ts";
import type { Signature, Signatures, TensorInfo } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { readMapEntry } from "./map-entry.ts";
import { readEntry } from "./predict.ts";
import { LEN, VARINT, WireReader } from "./reader.ts";
import { readShape, type WireShape } from "./shape.ts";
import { WireWriter } from "./writer.ts";

const META_GRAPH = { saverDef: 3, signatureDef: 5 } as const;
const SAVER_RESTORE_OP_NAME = 3;
const MAP_SIGNATURE_DEF = 1;
const SIGNATURE = { inputs: 1, outputs: 2, methodName: 3, defaults: 4 } as const;
const INFO = { name: 1, dtype: 2, shape: 3 } as const;

/**
 * The `tensorflow.serving.SignatureDefMap` within a serialized `tensorflow.MetaGraphDef`: entries of both maps have the
 * same shape, so they are copied as bytes. The graph, often hundreds of megabytes, is stepped over. Throws
 * INVALID_ARGUMENT.
 */
export function signatureDefMapOf(metaGraphDef: Uint8Array): Uint8Array {
  const writer = new WireWriter(1024);
  const reader = new WireReader(metaGraphDef);
  while (reader.next()) {
    if (reader.is(META_GRAPH.signatureDef, LEN)) writer.lengthDelimited(MAP_SIGNATURE_DEF, reader.view());
    else reader.skip();
  }
  return writer.finish();
}

/** Whether a serialized `tensorflow.MetaGraphDef` names an op that restores its variables (`SaverDef.restore_op_name`). Throws INVALID_ARGUMENT. */
export function restoresVariables(metaGraphDef: Uint8Array): boolean {
  let restores = false;
  const reader = new WireReader(metaGraphDef);
  while (reader.next()) {
    if (!reader.is(META_GRAPH.saverDef, LEN)) {
      reader.skip();
      continue;
    }
    const saver = reader.message();
    while (saver.next()) {
      if (saver.is(SAVER_RESTORE_OP_NAME, LEN)) restores = saver.view().length > 0;
      else saver.skip();
    }
  }
  return restores;
}

/** The signatures of a serialized `tensorflow.serving.SignatureDefMap`. Throws INVALID_ARGUMENT. */
export function parseSignatureDefMap(bytes: Uint8Array): Signatures {
  const signatures = new Map<string, Signature>();
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (!reader.is(MAP_SIGNATURE_DEF, LEN)) reader.skip();
    else {
      const { key, value } = readMapEntry(reader.message());
      signatures.set(key, readSignature(key, value));
    }
  }
  return signatures;
}

function readSignature(key: string, reader: WireReader): Signature {
  const inputs = new Map<string, TensorInfo>();
  const outputs = new Map<string, TensorInfo>();
  const defaults = new Map<string, Tensor>();
  const budget = new StringBudget();
  let methodName = "";
  while (reader.next()) {
    if (reader.is(SIGNATURE.inputs, LEN)) readInfoEntry(reader.message(), inputs);
    else if (reader.is(SIGNATURE.outputs, LEN)) readInfoEntry(reader.message(), outputs);
    else if (reader.is(SIGNATURE.methodName, LEN)) methodName = reader.string();
    else if (reader.is(SIGNATURE.defaults, LEN)) readEntry(reader.message(), defaults, budget);
    else reader.skip();
  }
  return { key, methodName, inputs, outputs, defaults };
}

function readInfoEntry(reader: WireReader, into: Map<string, TensorInfo>): void {
  const { key, value } = readMapEntry(reader);
  into.set(key, readInfo(value));
}

function readInfo(reader: WireReader): TensorInfo {
  const shape: WireShape = { dims: [], unknownRank: false };
  let name = "";
  let dtype = 0;
  while (reader.next()) {
    if (reader.is(INFO.name, LEN)) name = reader.string();
    else if (reader.is(INFO.dtype, VARINT)) dtype = reader.int32();
    else if (reader.is(INFO.shape, LEN)) readShape(reader.message(), shape);
    else reader.skip();
  }
  return { name, dtype: dtypeOf(dtype), shape: shape.unknownRank ? undefined : shape.dims };
}
