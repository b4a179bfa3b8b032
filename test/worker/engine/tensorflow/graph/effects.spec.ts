import { describe, expect, test } from "vitest";
import type { Signature, TensorInfo } from "../../../../../tensor/index.ts";
import { effectsOf, type OpList } from "../../../../../worker/engine/tensorflow/graph/index.ts";

const STATEFUL: ReadonlySet<string> = new Set([
  "AssignVariableOp",
  "ReadVariableOp",
  "VarHandleOp",
  "RandomUniform",
  "StatefulPartitionedCall",
  "Oracle",
]);
const PURE: ReadonlySet<string> = new Set(["Add", "Const", "Placeholder", "PartitionedCall", "NoOp", "If"]);
const OPS: OpList = {
  has: (op) => STATEFUL.has(op) || PURE.has(op),
  isStateful: (op) => !PURE.has(op),
};

interface Node {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly functions?: readonly string[];
}

function info(name: string): TensorInfo {
  return { name, dtype: undefined, shape: [-1] };
}

/** What the signature x:0 -> y:0 does, with nodes by name. */
function effect(nodes: Record<string, Node>, functions: Record<string, Record<string, Node>> = {}): string {
  const withName = ([name, { op, inputs = [], functions: called = [] }]: [string, Node]) =>
    ({ name, op, inputs, functions: called }) as const;
  const graph = {
    nodes: new Map(Object.entries(nodes).map((entry) => [entry[0], withName(entry)])),
    functions: new Map(Object.entries(functions).map(([name, body]) => [name, Object.entries(body).map(withName)])),
  };
  const s: Signature = {
    key: "s",
    methodName: "",
    inputs: new Map([["x", info("x:0")]]),
    outputs: new Map([["y", info("y:0")]]),
    defaults: new Map(),
  };
  const found = effectsOf(graph, OPS, new Map([["s", s]])).get("s");
  return found === undefined ? "none" : `${found.lasts ? "lasting" : "passing"}: ${found.told}`;
}

const WRITE: Node = { op: "AssignVariableOp" };
const WRITES = 'lasting: AssignVariableOp (node "w") writes what outlives the run';

describe("the effect of a signature", () => {
  for (const { name, nodes, functions, want } of [
    {
      name: "is none when it only computes",
      nodes: { y: { op: "Add", inputs: ["x"] }, x: { op: "Placeholder" } },
      want: "none",
    },
    {
      name: "is none when it only reads a variable",
      nodes: { y: { op: "ReadVariableOp", inputs: ["v"] }, v: { op: "VarHandleOp" } },
      want: "none",
    },
    {
      name: "is what an input of its output does",
      nodes: { y: { op: "Add", inputs: ["a:1"] }, a: { op: "Add", inputs: ["w"] }, w: WRITE },
      want: WRITES,
    },
    {
      name: "is what has to run before its output",
      nodes: { y: { op: "Add", inputs: ["^w"] }, w: WRITE },
      want: WRITES,
    },
    { name: "is not what nothing asks for", nodes: { y: { op: "Add" }, w: WRITE }, want: "none" },
    {
      name: "is not that of a node whose output is fed",
      nodes: { y: { op: "Add", inputs: ["x"] }, x: { op: "Add", inputs: ["w"] }, w: WRITE },
      want: "none",
    },
    {
      name: "is that of a fed node whose other output is asked for",
      nodes: { y: { op: "Add", inputs: ["x:1"] }, x: { op: "Add", inputs: ["w"] }, w: WRITE },
      want: WRITES,
    },
    {
      name: "is found once around a loop",
      nodes: { y: { op: "Add", inputs: ["a"] }, a: { op: "Add", inputs: ["y", "w"] }, w: WRITE },
      want: WRITES,
    },
    {
      name: "is that of a function that it calls",
      nodes: { y: { op: "StatefulPartitionedCall", functions: ["f"] } },
      functions: { f: { w: WRITE } },
      want: WRITES,
    },
    {
      name: "is that of an op that is a function",
      nodes: { y: { op: "f" } },
      functions: { f: { w: WRITE } },
      want: WRITES,
    },
    {
      name: "is that of a function in a function",
      nodes: { y: { op: "PartitionedCall", functions: ["f"] } },
      functions: { f: { i: { op: "If", functions: ["g", "h"] } }, g: {}, h: { w: WRITE } },
      want: WRITES,
    },
    {
      name: "ends where functions call each other",
      nodes: { y: { op: "PartitionedCall", functions: ["f"] } },
      functions: { f: { c: { op: "g" } }, g: { c: { op: "f" }, w: WRITE } },
      want: WRITES,
    },
    {
      name: "is one that does not last, for random numbers",
      nodes: { y: { op: "RandomUniform" } },
      want: 'passing: RandomUniform (node "y") draws random numbers',
    },
    {
      name: "is the lasting one of two",
      nodes: { y: { op: "Add", inputs: ["r", "w"] }, r: { op: "RandomUniform" }, w: WRITE },
      want: WRITES,
    },
    {
      name: "is the lasting one of two, in a function too",
      nodes: { y: { op: "RandomUniform", inputs: ["f"] }, f: { op: "f" } },
      functions: { f: { r: { op: "RandomUniform" }, w: WRITE } },
      want: WRITES,
    },
    {
      name: "is feared of a stateful op that nobody has looked at",
      nodes: { y: { op: "Oracle" } },
      want: 'lasting: Oracle (node "y") is declared stateful',
    },
    {
      name: "is feared of an op that is not known",
      nodes: { y: { op: "Custom" } },
      want: 'lasting: Custom (node "y") is not known',
    },
  ] as readonly {
    name: string;
    nodes: Record<string, Node>;
    functions?: Record<string, Record<string, Node>>;
    want: string;
  }[]) {
    test(name, () => expect(effect(nodes, functions)).toBe(want));
  }
});
