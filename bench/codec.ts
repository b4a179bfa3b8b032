import {
  type DTypeName,
  decodePredictInputs,
  dtypeNamed,
  elementCount,
  encodePredictOutputs,
  packedTensor,
  parseRequestBody,
  type Signature,
} from "../tensor/index.ts";
import { type Benchmark, callsPerSecond, type Options, type Row, sumOfResults } from "./frame/index.ts";

type Numbers = Float32Array | Float64Array | Int32Array;
type Nested = readonly (number | Nested)[];

/** A tensor, and how its values are made: `n` counts the values, `unit` is from 0 up to 1. */
interface Case {
  readonly key: string;
  readonly label: string;
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly create: (count: number) => Numbers;
  readonly value: (unit: number) => number;
}

const COUNT = 224 * 224 * 3;
const sixDigits = (unit: number): number => Math.round(unit * 1e6) / 1e6;

const CASES: readonly Case[] = [
  {
    key: "six-digits",
    label: "150,528 decimals of six digits, float",
    dtype: "float",
    shape: [COUNT],
    create: (count) => new Float32Array(count),
    value: sixDigits,
  },
  {
    key: "image",
    label: "an image of 224×224×3 such decimals, nested, float",
    dtype: "float",
    shape: [1, 224, 224, 3],
    create: (count) => new Float32Array(count),
    value: sixDigits,
  },
  {
    key: "floats",
    label: "150,528 floats of any digits",
    dtype: "float",
    shape: [COUNT],
    create: (count) => new Float32Array(count),
    value: (unit) => unit * 4 - 2,
  },
  {
    key: "doubles",
    label: "150,528 doubles of any digits",
    dtype: "double",
    shape: [COUNT],
    create: (count) => new Float64Array(count),
    value: (unit) => unit * 4 - 2,
  },
  {
    key: "small-integers",
    label: "150,528 integers below 256, int32",
    dtype: "int32",
    shape: [COUNT],
    create: (count) => new Int32Array(count),
    value: (unit) => Math.floor(unit * 256),
  },
];

const SMALL = new TextEncoder().encode('{"instances": [1.0, 2.0, 5.0]}');

/** The codec alone, in this process, against what a server in JavaScript would use. */
export const benchmark: Benchmark = {
  name: "codec",
  title: "JSON to tensors and back, against JSON.parse with a copy into a typed array and JSON.stringify of an array",
  goals: [
    { row: "read-six-digits", measure: "JSON text → tensor, six-digit decimals", of: "ratio", want: { atLeast: 5 } },
    { row: "write-six-digits", measure: "tensor → JSON, six-digit decimals", of: "ratio", want: { atLeast: 5 } },
    { row: "small", measure: "JSON of 3 floats, in and out: µs", of: "value", want: { atMost: 5 } },
  ],
  run: async (options) => {
    const rows = [...CASES.flatMap((each) => bothWays(each, options)), small(options)];
    return {
      rows,
      settings: {
        reading:
          "body to tensor of the signature's type; JSON.parse of the body's text, then a typed array filled in loops",
        writing: "tensor to the answer's bytes; JSON.stringify of ready arrays, then bytes of its text",
        results: `checked to be equal before; sum ${sumOfResults()}`,
      },
    };
  },
};

function bothWays({ key, label, dtype, shape, create, value }: Case, options: Options): Row[] {
  const numbers = create(COUNT);
  let state = 1;
  for (let i = 0; i < COUNT; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    numbers[i] = value(state / 2 ** 31);
  }
  const nested = nestedOf(
    dtype === "float" && value === sixDigits ? Array.from(numbers, sixDigits) : [...numbers],
    shape,
  );
  const body = new TextEncoder().encode(JSON.stringify({ instances: nested }));
  const signature = signatureOf(dtype);
  const tensor = packedTensor(dtypeNamed(dtype), shape, new Uint8Array(numbers.buffer));
  const outputs = new Map([["y", tensor]]);
  const arrays = { predictions: nestedOf([...numbers], shape) };
  const megabytes = body.length / 1e6;

  const decode = (): Uint8Array => {
    const read = decodePredictInputs(parseRequestBody(body), signature).inputs.get("x");
    return read?.kind === "packed" ? read.data : new Uint8Array(0);
  };
  const parse = (): Numbers => {
    const parsed = JSON.parse(Buffer.from(body.buffer).toString()) as { instances: Nested };
    const filled = create(elementCount(shape));
    fill(filled, 0, parsed.instances);
    return filled;
  };
  if (!Buffer.from(numbers.buffer).equals(decode())) throw new Error(`${key}: not what was written`);
  if (!Buffer.from(numbers.buffer).equals(Buffer.from(parse().buffer))) throw new Error(`${key}: not the same`);
  const answer = JSON.parse(Buffer.from(encodePredictOutputs("row", outputs)).toString()) as { predictions: Nested };
  const again = create(COUNT);
  fill(again, 0, answer.predictions);
  if (!Buffer.from(again.buffer).equals(Buffer.from(numbers.buffer))) throw new Error(`${key}: not read back`);

  return [
    rowOf(`read-${key}`, `read ${label}`, "JSON.parse and copy", megabytes, options, [
      () => decode().length,
      () => parse().length,
    ]),
    rowOf(`write-${key}`, `write ${label}`, "JSON.stringify", megabytes, options, [
      () => encodePredictOutputs("row", outputs).length,
      () => Buffer.from(JSON.stringify(arrays)).length,
    ]),
  ];
}

/** In megabytes a second of the request's text, so that both sides are told in the same measure. */
function rowOf(
  key: string,
  label: string,
  other: string,
  megabytes: number,
  options: Options,
  functions: readonly (() => number)[],
): Row {
  const [ours = [], others = []] = measured(functions, options);
  return {
    key,
    label,
    unit: "MB/s",
    better: "more",
    sides: [
      { name: "tensorgate", samples: ours.map((calls) => calls * megabytes) },
      { name: other, samples: others.map((calls) => calls * megabytes) },
    ],
  };
}

function small(options: Options): Row {
  const signature = signatureOf("float");
  const [ours = [], others = []] = measured(
    [
      () => {
        const { inputs } = decodePredictInputs(parseRequestBody(SMALL), signature);
        return encodePredictOutputs("row", inputs).length;
      },
      () => {
        const parsed = JSON.parse(Buffer.from(SMALL.buffer).toString()) as { instances: number[] };
        return Buffer.from(JSON.stringify({ predictions: [...Float32Array.from(parsed.instances)] })).length;
      },
    ],
    options,
  );
  return {
    key: "small",
    label: "read and write 3 floats",
    unit: "µs",
    better: "less",
    sides: [
      { name: "tensorgate", samples: ours.map(micros) },
      { name: "JSON.parse and JSON.stringify", samples: others.map(micros) },
    ],
  };
}

function micros(callsPerSecond: number): number {
  return 1e6 / callsPerSecond;
}

/** There are many cases, and none needs long. */
function measured(functions: readonly (() => number)[], { seconds, rounds }: Options): number[][] {
  return callsPerSecond(functions, { seconds: seconds / 8, rounds });
}

function signatureOf(dtype: DTypeName): Signature {
  const inputs = new Map([["x", { name: "x:0", dtype: dtypeNamed(dtype), shape: undefined }]]);
  return { key: "serving_default", methodName: "", inputs, outputs: new Map(), defaults: new Map() };
}

function nestedOf(values: readonly number[], shape: readonly number[]): Nested {
  const [size = 0, ...inner] = shape;
  if (inner.length === 0) return values;
  const part = values.length / size;
  return Array.from({ length: size }, (_, i) => nestedOf(values.slice(i * part, (i + 1) * part), inner));
}

/** Gives where the next value goes. */
function fill(out: Numbers, from: number, values: Nested): number {
  let at = from;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | Nested;
    if (typeof value === "number") out[at++] = value;
    else at = fill(out, at, value);
  }
  return at;
}
