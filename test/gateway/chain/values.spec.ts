import { expect, test } from "vitest";
import { InferenceError, modelName } from "../../../core/index.ts";
import { checkTypes, feed, misshapen, type StepName, Values } from "../../../gateway/chain/values.ts";
import { dtypeNamed, packedTensor, type Signature, type Tensor, type TensorInfo } from "../../../tensor/index.ts";

const ONE: StepName = { number: 1, model: modelName("a") };
const TWO: StepName = { number: 2, model: modelName("b") };
const THREE: StepName = { number: 3, model: modelName("c") };
const NO_RENAMES: ReadonlyMap<string, string> = new Map();

function floats(...values: number[]): Tensor {
  return packedTensor(dtypeNamed("float"), [values.length], new Uint8Array(Float32Array.from(values).buffer));
}

function signature(inputs: Readonly<Record<string, Partial<TensorInfo>>>, ...defaulted: string[]): Signature {
  const infos = Object.entries(inputs).map(
    ([name, info]) => [name, { name: `${name}:0`, dtype: dtypeNamed("float"), shape: [-1], ...info }] as const,
  );
  const defaults = new Map(defaulted.map((name) => [name, floats(0)]));
  return { key: "s", methodName: "", inputs: new Map(infos), outputs: new Map(), defaults };
}

/** `input=first value of what it gets`. */
function fed(values: Values, wanted: Signature, renames = NO_RENAMES): string[] {
  return feed(values, wanted, renames, THREE).map(({ input, tensor }) => {
    const { data } = tensor as Extract<Tensor, { kind: "packed" }>;
    return `${input}=${Buffer.from(data).readFloatLE(0)}`;
  });
}

function refused(act: () => unknown): string {
  try {
    act();
    return "nothing";
  } catch (thrown) {
    return thrown instanceof InferenceError ? `${thrown.code} ${thrown.message}` : String(thrown);
  }
}

function someValues(): Values {
  const values = new Values(
    new Map([
      ["x", floats(1)],
      ["age", floats(2)],
    ]),
  );
  values.add(
    ONE,
    new Map([
      ["x", floats(3)],
      ["y", floats(4)],
    ]),
  );
  values.add(TWO, new Map([["y", floats(5)]]));
  return values;
}

for (const { name, wanted, renames, want } of [
  { name: "the latest output of the name", wanted: signature({ y: {} }), want: ["y=5"] },
  { name: "an earlier step's where later ones have none", wanted: signature({ x: {} }), want: ["x=3"] },
  { name: "the request's where no step has one", wanted: signature({ age: {} }), want: ["age=2"] },
  {
    name: "what has another name",
    wanted: signature({ age: {}, y: {} }),
    renames: new Map([
      ["age", "y"],
      ["y", "age"],
    ]),
    want: ["age=5", "y=2"],
  },
  { name: "no more than it takes", wanted: signature({}), want: [] },
  { name: "nothing for an input that has a value of its own", wanted: signature({ w: {} }, "w"), want: [] },
]) {
  test(`a step gets ${name}`, () => expect(fed(someValues(), wanted, renames)).toEqual(want));
}

test("what is missing is named, with what there is", () => {
  expect(refused(() => fed(someValues(), signature({ w: {} }), new Map([["w", "weight"]])))).toBe(
    'INVALID_ARGUMENT step 3 (model "c") wants "weight" for its input "w"; ' +
      'there is "x" (request), "age" (request), "x" (step 1), "y" (step 1), "y" (step 2)',
  );
  expect(refused(() => fed(new Values(new Map()), signature({ w: {} })))).toBe(
    'INVALID_ARGUMENT step 3 (model "c") wants "w"; there is nothing',
  );
});

test("a value of another type is refused, and both are named", () => {
  const wanted = signature({ y: { dtype: dtypeNamed("int32"), shape: undefined } });
  const given = feed(someValues(), wanted, NO_RENAMES, THREE);
  expect(refused(() => checkTypes(given, wanted, THREE))).toBe(
    'INVALID_ARGUMENT output "y" of step 2 (model "b") is float [1], input "y" of step 3 (model "c") takes int32 of any shape',
  );
  expect(refused(() => checkTypes(given, signature({ y: { dtype: undefined } }), THREE))).toBe("nothing");
});

for (const { shape, want } of [
  { shape: [-1], want: undefined },
  { shape: [1], want: undefined },
  { shape: undefined, want: undefined },
  { shape: [2], want: 'input "age" of the request is float [1], input "age" of step 3 (model "c") takes float [2]' },
  { shape: [], want: 'input "age" of the request is float [1], input "age" of step 3 (model "c") takes float []' },
  {
    shape: [-1, -1],
    want: 'input "age" of the request is float [1], input "age" of step 3 (model "c") takes float [-1,-1]',
  },
]) {
  test(`a value of shape [1] is ${want === undefined ? "no" : "a"} doubt where [${shape?.join(",") ?? "any"}] is taken`, () => {
    const wanted = signature({ age: { shape } });
    expect(misshapen(feed(someValues(), wanted, NO_RENAMES, THREE), wanted, THREE)).toBe(want);
  });
}
