import { setImmediate as nextTurn } from "node:timers/promises";
import protobuf from "protobufjs/minimal.js";

/** What of a `tensorflow.NodeDef` tells what a run of it does. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `x`, `x:1` or, of a node that only has to run before, `^x`. */
  readonly inputs: readonly string[];
  /** Names of the functions in its attributes: the branches of an `If`, what a `PartitionedCall` calls. */
  readonly functions: readonly string[];
}

/** The graph of a MetaGraph and its function library, without the numbers. */
export interface GraphOutline {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** The nodes of each function's body. */
  readonly functions: ReadonlyMap<string, readonly GraphNode[]>;
}

const LEN = 2;
const META_GRAPH_GRAPH_DEF = 2;
const GRAPH = { node: 1, library: 2 } as const;
const LIBRARY_FUNCTION = 1;
const FUNCTION = { signature: 1, nodeDef: 3 } as const;
const OP_DEF_NAME = 1;
const NODE = { name: 1, op: 2, input: 3, attr: 5 } as const;
const ATTR_ENTRY_VALUE = 2;
const ATTR = { list: 1, func: 10 } as const;
const LIST_FUNC = 9;
const NAME_ATTRS = { name: 1, attr: 2 } as const;

/** A graph of a hundred thousand nodes takes a few tenths of a second, during which other models have calls to answer. */
const SLICE_MS = 2;

/** Reads a serialized `tensorflow.MetaGraphDef`, which must stay as it is meanwhile. Gives the event loop its turns. */
export async function readGraph(metaGraphDef: Uint8Array): Promise<GraphOutline> {
  const nodes = new Map<string, GraphNode>();
  const functions = new Map<string, readonly GraphNode[]>();
  let sliceEndMs = performance.now() + SLICE_MS;
  const breathe = async (): Promise<void> => {
    if (performance.now() < sliceEndMs) return;
    await nextTurn();
    sliceEndMs = performance.now() + SLICE_MS;
  };
  for (const [field, graph] of fields(metaGraphDef)) {
    if (field !== META_GRAPH_GRAPH_DEF) continue;
    for (const [part, bytes] of fields(graph)) {
      if (part === GRAPH.node) {
        const node = readNode(bytes);
        nodes.set(node.name, node);
        await breathe();
      } else if (part === GRAPH.library) {
        for (const [of, body] of fields(bytes)) {
          if (of !== LIBRARY_FUNCTION) continue;
          const { name, nodes: inside } = readFunction(body);
          functions.set(name, inside);
          await breathe();
        }
      }
    }
  }
  return { nodes, functions };
}

function readFunction(bytes: Uint8Array): { readonly name: string; readonly nodes: readonly GraphNode[] } {
  let name = "";
  const nodes: GraphNode[] = [];
  for (const [field, value] of fields(bytes)) {
    if (field === FUNCTION.signature) name = textIn(value, OP_DEF_NAME);
    else if (field === FUNCTION.nodeDef) nodes.push(readNode(value));
  }
  return { name, nodes };
}

function readNode(bytes: Uint8Array): GraphNode {
  let name = "";
  let op = "";
  const inputs: string[] = [];
  const functions: string[] = [];
  for (const [field, value] of fields(bytes)) {
    if (field === NODE.name) name = text(value);
    else if (field === NODE.op) op = text(value);
    else if (field === NODE.input) inputs.push(text(value));
    else if (field === NODE.attr) functionsInEntry(value, functions);
  }
  return { name, op, inputs, functions };
}

/** Of an entry of `map<string, AttrValue>`; a function's own attributes may name further ones. */
function functionsInEntry(entry: Uint8Array, into: string[]): void {
  for (const [field, value] of fields(entry)) {
    if (field !== ATTR_ENTRY_VALUE) continue;
    for (const [kind, content] of fields(value)) {
      if (kind === ATTR.func) functionsInNameAttrs(content, into);
      else if (kind === ATTR.list) {
        for (const [of, item] of fields(content)) if (of === LIST_FUNC) functionsInNameAttrs(item, into);
      }
    }
  }
}

function functionsInNameAttrs(bytes: Uint8Array, into: string[]): void {
  for (const [field, value] of fields(bytes)) {
    if (field === NAME_ATTRS.name) into.push(text(value));
    else if (field === NAME_ATTRS.attr) functionsInEntry(value, into);
  }
}

function textIn(bytes: Uint8Array, wanted: number): string {
  for (const [field, value] of fields(bytes)) if (field === wanted) return text(value);
  return "";
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** The fields of a message that have a length, as views; everything else is skipped, however large. */
export function* fields(message: Uint8Array): Generator<readonly [number, Uint8Array]> {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) !== LEN) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > reader.len) throw new RangeError("the graph is cut off");
    yield [tag >>> 3, message.subarray(reader.pos, end)];
    reader.pos = end;
  }
}
