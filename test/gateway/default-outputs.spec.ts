import { expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { version } from "../../core/index.ts";
import type { InferenceCall, Servable } from "../../gateway/call.ts";
import { defaultAnswer } from "../../gateway/default-outputs.ts";
import { OutputTypes } from "../../gateway/output-types.ts";
import { compileRoutes, type Route } from "../../gateway/routing/index.ts";
import { type DTypeName, dtypeNamed, encodePredictOutputs, type Tensor } from "../../tensor/index.ts";
import { aCall } from "./upstream/calls.ts";
import { configured } from "./upstream/reports.ts";

const MODELS = [configured("m", { stable: 1 }), configured("other")];

function routeOf(keys: string): Route {
  const text = `routes: [{ match: { model: m }, ${keys} }]`;
  const { routes } = parseConfigText(text, "f", { models: MODELS });
  return compileRoutes({ models: MODELS, routes }).routes[0] as Route;
}

/** As if versions of these models had been seen, whose default signatures have one output. */
function typesOf(seen: Readonly<Record<string, readonly [output: string, dtype: DTypeName]>>): OutputTypes {
  const types = new OutputTypes();
  for (const [model, [output, dtype]] of Object.entries(seen)) {
    const call = aCall({ model });
    const outputs = new Map([[output, { name: "", dtype: dtypeNamed(dtype), shape: [-1] }]]);
    const signature = { key: "serving_default", methodName: "", inputs: new Map(), outputs, defaults: new Map() };
    const target: Servable = {
      name: call.spec.name,
      version: version(1),
      signatures: new Map([[signature.key, signature]]),
      signatureDefMap: new Uint8Array(),
      merging: new Map(),
    };
    types.saw({ call, target, arm: "" });
  }
  return types;
}

function withRows(rows: number | undefined, method: InferenceCall["method"] = "Predict"): InferenceCall {
  const call = aCall();
  return { ...call, method, body: { ...call.body, rowCount: () => rows } };
}

/** `dtype [shape] value`, the value as JSON answers have it. */
function shown(tensor: Tensor | undefined): string {
  if (tensor === undefined) return "none";
  const json = Buffer.from(encodePredictOutputs("columnar", new Map([["", tensor]]))).toString();
  const value = json.replace(/^\{\s*"outputs": |\s+(?=[^ ]*)|\}$/g, "");
  return `${tensor.dtype.name} [${tensor.shape.join(",")}] ${value}`;
}

function outputOf(call: InferenceCall, keys: string, types = new OutputTypes(), name = "y"): string {
  const answer = defaultAnswer(call, routeOf(keys), types);
  return answer?.content.is === "outputs" ? shown(answer.content.outputs.get(name)) : "no answer";
}

const TO = "to: [{ label: stable }]";

for (const { name, value, seen = {}, rows = 2, want } of [
  { name: "a number is a float", value: "1.5", want: "float [2] [1.5,1.5]" },
  { name: "a text is a string", value: "none", want: 'string [2] ["none","none"]' },
  { name: "true is a bool", value: "true", want: "bool [2] [true,true]" },
  {
    name: "lists become dimensions",
    value: "[[1, 2], [3, 4]]",
    rows: 1,
    want: "float [1,2,2] [[[1.0,2.0],[3.0,4.0]]]",
  },
  { name: "an empty list is one of none", value: "[]", want: "float [2,0] [[],[]]" },
  { name: "numbers that are none stay so", value: "[.nan, -.inf]", rows: 1, want: "float [1,2] [[NaN,-Infinity]]" },
  { name: "no rows are answered by none", value: "1", rows: 0, want: "float [0] []" },
  {
    name: "the signature's type holds where it is known",
    value: "3",
    seen: { m: ["y", "int64"] },
    want: "int64 [2] [3,3]",
  },
  {
    name: "a value that the signature's type can't hold has its own",
    value: "1.5",
    seen: { m: ["y", "int64"] },
    want: "float [2] [1.5,1.5]",
  },
  {
    name: "another output's type says nothing",
    value: "1",
    seen: { m: ["z", "int64"] },
    want: "float [2] [1.0,1.0]",
  },
] as const) {
  test(name, () => {
    const types = typesOf(seen);
    expect(outputOf(withRows(rows), `${TO}, defaultOutputs: { y: ${value} }`, types)).toBe(want);
  });
}

test("a request whose rows can't be told is one", () => {
  expect(outputOf(withRows(undefined), `${TO}, defaultOutputs: { y: 1 }`)).toBe("float [1] [1.0]");
});

test("a fallback's types do where the route's own are not known, and of a chain only the last step's", () => {
  const types = typesOf({ other: ["y", "int32"] });
  const defaults = "defaultOutputs: { y: 1 }";
  expect(outputOf(withRows(1), `${TO}, fallback: [{ model: other }], ${defaults}`, types)).toBe("int32 [1] [1]");
  expect(outputOf(withRows(1), `chain: [{ model: m }, { model: other }], ${defaults}`, types)).toBe("int32 [1] [1]");
  expect(outputOf(withRows(1), `chain: [{ model: other }, { model: m }], ${defaults}`, types)).toBe("float [1] [1.0]");
});

test("there is no answer without such outputs, to other methods, and to more rows than there is room for", () => {
  const keys = `${TO}, defaultOutputs: { y: [1, 2, 3, 4] }`;
  expect(outputOf(withRows(1), TO)).toBe("no answer");
  expect(outputOf(withRows(1, "Classify"), keys)).toBe("no answer");
  expect(outputOf(withRows(2 ** 22), keys)).not.toBe("no answer");
  expect(outputOf(withRows(2 ** 22 + 1), keys)).toBe("no answer");
  expect(outputOf(withRows(1e15), keys)).toBe("no answer");
});

test("the answer names the model that was asked for, and no version", () => {
  const answer = defaultAnswer(withRows(1), routeOf(`${TO}, defaultOutputs: { y: 1 }`), new OutputTypes());
  expect(answer).toMatchObject({
    target: undefined,
    arm: "default",
    content: { spec: { name: "m", version: undefined, signature: "serving_default" } },
  });
});
