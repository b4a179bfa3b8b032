import { expect, test } from "vitest";
import {
  dtypeNamed,
  parseSignatureDefMap,
  restoresVariables,
  type Signature,
  signatureDefMapOf,
} from "../../../tensor/index.ts";
import { times } from "../json/support.ts";
import { MESSAGES, type MessageRecord, unbase64, valuesOf } from "./wire-data.ts";

const RECORD = MESSAGES.find(({ name }) => name === "SignatureDefMap") as MessageRecord;
const MAP = unbase64(RECORD.b64);

function field(number: number, content: Uint8Array): Buffer {
  const length = content.length;
  const prefix = length < 128 ? [length] : [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | (length >> 14 ? 0x80 : 0)];
  if (length >> 14) prefix.push(length >> 14);
  return Buffer.concat([Buffer.from([number * 8 + 2, ...prefix]), content]);
}

test("reads Python's SignatureDefMap", () => {
  const signatures = parseSignatureDefMap(MAP);
  expect([...signatures.keys()]).toEqual(Object.keys(RECORD.json.signature_def));
  const main = signatures.get("serving_default") as Signature;
  expect(main.key).toBe("serving_default");
  expect(main.methodName).toBe("tensorflow/serving/predict");
  expect(main.inputs.get("x")).toEqual({ name: "x:0", dtype: dtypeNamed("float"), shape: [-1, 1] });
  expect(main.inputs.get("keep_prob")?.shape).toEqual([]);
  expect([...main.outputs.keys()]).toEqual(["y"]);
  const value = main.defaults.get("keep_prob");
  expect(value && valuesOf(value)).toEqual([1]);
  const init = signatures.get("__saved_model_init_op") as Signature;
  expect(init.inputs.size).toBe(0);
  expect(init.outputs.get("__saved_model_init_op")).toEqual({ name: "NoOp", dtype: undefined, shape: undefined });
});

test("takes the signatures out of a MetaGraphDef, whatever else is in it", () => {
  const graph = field(2, new Uint8Array(200_000).fill(0xff));
  const entries: Buffer[] = [];
  for (let at = 0; at < MAP.length; ) {
    // Entries of these messages are under 16 kB: two length bytes at most.
    const long = (MAP[at + 1] as number) >= 128;
    const length = long ? ((MAP[at + 1] as number) & 0x7f) + (MAP[at + 2] as number) * 128 : (MAP[at + 1] as number);
    const from = at + (long ? 3 : 2);
    entries.push(field(5, MAP.subarray(from, from + length)));
    at = from + length;
  }
  const [first, ...others] = entries;
  const metaGraph = Buffer.concat([field(1, Buffer.from("about")), first as Buffer, graph, ...others, field(7, graph)]);
  expect(Buffer.from(signatureDefMapOf(metaGraph))).toEqual(Buffer.from(MAP));
});

for (const { name, saver, want } of [
  { name: "one that names an op", saver: field(3, Buffer.from("save/restore_all")), want: true },
  { name: "one that names none", saver: field(3, Buffer.from("")), want: false },
  { name: "one without the field", saver: field(1, Buffer.from("save/Const:0")), want: false },
]) {
  test(`tells from a MetaGraphDef's saver whether variables are restored: ${name}`, () => {
    const graph = field(2, new Uint8Array(200_000).fill(0xff));
    expect(restoresVariables(Buffer.concat([graph, field(3, saver), field(5, graph)]))).toBe(want);
    expect(restoresVariables(graph)).toBe(false);
  });
}

test("a reference dtype is its base, and what has no name of its own has an empty one", () => {
  // map entry "s" -> inputs { "v" -> TensorInfo { dtype: 101; tensor_shape { dim { size: -1 } }, coo_sparse {} } }
  const size = Buffer.from([8, ...times(9, 0xff), 1]);
  const info = Buffer.concat([Buffer.from([0x10, 101]), field(3, field(2, size)), field(4, new Uint8Array(0))]);
  const signature = field(1, Buffer.concat([field(1, Buffer.from("v")), field(2, info)]));
  const map = field(1, Buffer.concat([field(1, Buffer.from("s")), field(2, signature)]));
  expect(parseSignatureDefMap(map).get("s")?.inputs.get("v")).toEqual({
    name: "",
    dtype: dtypeNamed("float"),
    shape: [-1],
  });
});
