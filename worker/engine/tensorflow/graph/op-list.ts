import protobuf from "protobufjs/minimal.js";
import { fields } from "./graph-def.ts";

/** What TensorFlow declares of its ops. */
export interface OpList {
  has(op: string): boolean;
  /** Its runs may depend on, or change, more than the tensors that they are given: it says so, or takes a reference. */
  isStateful(op: string): boolean;
}

const OP_LIST_OP = 1;
const OP_DEF = { name: 1, inputArg: 2, isStateful: 17 } as const;
const ARG_DEF_IS_REF = 16;

/** Reads a serialized `tensorflow.OpList`. */
export function readOpList(bytes: Uint8Array): OpList {
  const known = new Map<string, boolean>();
  for (const [field, op] of fields(bytes)) if (field === OP_LIST_OP) readOp(op, known);
  return { has: (op) => known.has(op), isStateful: (op) => known.get(op) ?? true };
}

function readOp(bytes: Uint8Array, into: Map<string, boolean>): void {
  let name = "";
  let stateful = flag(bytes, OP_DEF.isStateful);
  for (const [field, value] of fields(bytes)) {
    if (field === OP_DEF.name) name = Buffer.from(value).toString();
    else if (field === OP_DEF.inputArg) stateful ||= flag(value, ARG_DEF_IS_REF);
  }
  into.set(name, stateful);
}

function flag(message: Uint8Array, wanted: number): boolean {
  const reader = protobuf.Reader.create(message);
  let value = false;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === wanted << 3) value = reader.bool();
    else reader.skipType(tag & 7);
  }
  return value;
}
