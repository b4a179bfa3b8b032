import { expect, test } from "vitest";
import { codec } from "../../../../../protos/index.ts";
import { readGraph, readOpList } from "../../../../../worker/engine/tensorflow/graph/index.ts";

const metaGraphs = codec<object>("tensorflow.MetaGraphDef");

test("a graph is read with its functions, wherever an attribute names them", async () => {
  const bytes = metaGraphs.encode({
    meta_info_def: { tags: ["serve"] },
    graph_def: {
      node: [
        { name: "c", op: "Const", attr: { value: { tensor: { tensor_content: Buffer.alloc(1000) } } } },
        {
          name: "y",
          op: "Case",
          input: ["c:0", "^x"],
          attr: { branches: { list: { func: [{ name: "f" }, { name: "g" }] } } },
        },
        {
          name: "z",
          op: "Map",
          attr: { f: { func: { name: "f", attr: { inner: { func: { name: "h" } } } } }, n: { i: "3" } },
        },
      ],
      library: {
        function: [
          { signature: { name: "f" }, node_def: [{ name: "w", op: "AssignVariableOp", input: ["v"] }] },
          { signature: { name: "g" } },
        ],
      },
    },
    signature_def: { s: { method_name: "m" } },
  });
  const { nodes, functions } = await readGraph(bytes);
  expect([...nodes.values()]).toEqual([
    { name: "c", op: "Const", inputs: [], functions: [] },
    { name: "y", op: "Case", inputs: ["c:0", "^x"], functions: ["f", "g"] },
    { name: "z", op: "Map", inputs: [], functions: ["f", "h"] },
  ]);
  expect(Object.fromEntries(functions)).toEqual({
    f: [{ name: "w", op: "AssignVariableOp", inputs: ["v"], functions: [] }],
    g: [],
  });
});

test("a large graph leaves the event loop its turns", async () => {
  const node = Array.from({ length: 60_000 }, (_, i) => ({ name: `node/${i}`, op: "Add", input: [`node/${i - 1}`] }));
  const bytes = metaGraphs.encode({ graph_def: { node } });
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  const { nodes } = await readGraph(bytes);
  clearInterval(count);
  expect(nodes.size).toBe(60_000);
  expect(turns).toBeGreaterThan(3);
});

test("an op is stateful that says so, or that takes a reference; so is one that is not known", () => {
  const ops = readOpList(
    codec<object>("tensorflow.OpList").encode({
      op: [
        { name: "Add", input_arg: [{ name: "x" }] },
        { name: "Read", is_stateful: true },
        { name: "Assign", input_arg: [{ name: "ref", is_ref: true }] },
      ],
    }),
  );
  expect(["Add", "Read", "Assign", "Gone"].map((op) => [op, ops.has(op), ops.isStateful(op)])).toEqual([
    ["Add", true, false],
    ["Read", true, true],
    ["Assign", true, true],
    ["Gone", false, true],
  ]);
});
