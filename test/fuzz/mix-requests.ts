import { LATEST, modelName, version } from "../../core/index.ts";
import {
  type DTypeName,
  dtypeNamed,
  elementCount,
  encodeExamplesRequest,
  encodePredictRequest,
  FeaturesWriter,
  packedTensor,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";
import type { Random } from "./random.ts";

/** A request that has one right answer, whoever else asks at the same time. */
export type MixRequest = { readonly signature: string } & (
  | { readonly over: "rest"; readonly path: string; readonly body: string }
  | { readonly over: "grpc"; readonly method: "Predict" | "Classify" | "Regress"; readonly message: Uint8Array }
);

/** What a Predict call is made of, in a form that both protocols can carry. */
interface Ask {
  readonly model: string;
  readonly signature: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly filter?: readonly string[];
  readonly version?: bigint;
  /** Dtypes that JSON cannot say. */
  readonly grpcOnly?: true;
}

/** Numbers of all bits for most dtypes; those that 4- and 2-bit types keep in a byte; truth is 0 or 1. */
const DTYPES =
  `float double int32 uint8 int16 int8 complex64 int64 bool bfloat16 uint16 complex128 half uint32 uint64 qint8 quint8
  qint32 qint16 quint16 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz`.split(
    /\s+/,
  ) as DTypeName[];

const TEXT = new TextEncoder();
const WORDS = ["", "a", "one", "two", "zwölf", "два", "x".repeat(40)].map((word) => TEXT.encode(word));

function bytesTensor(random: Random, name: DTypeName, shape: readonly number[]): Tensor {
  const { itemBytes } = dtypeNamed(name);
  const bytes = random.bytes(elementCount(shape) * itemBytes);
  return packedTensor(dtypeNamed(name), shape, name === "bool" ? bytes.map((byte) => byte & 1) : bytes);
}

function floats(random: Random, ...shape: number[]): Tensor {
  const values = Float32Array.from({ length: elementCount(shape) }, () => Math.round(random.unit() * 4000 - 2000) / 16);
  return packedTensor(dtypeNamed("float"), shape, new Uint8Array(values.buffer));
}

function integers(random: Random, limit: number, ...shape: number[]): Tensor {
  const values = BigInt64Array.from({ length: elementCount(shape) }, () => BigInt(random.below(limit)));
  return packedTensor(dtypeNamed("int64"), shape, new Uint8Array(values.buffer));
}

function words(random: Random, ...shape: number[]): Tensor {
  return stringTensor(
    shape,
    Array.from({ length: elementCount(shape) }, () => random.pick(WORDS)),
  );
}

const one = (name: string, tensor: Tensor): Ask["inputs"] => new Map([[name, tensor]]);

/** Signatures whose rows are alone in company, those that are not, and those that fail for some rows. */
const ASKS: readonly ((random: Random, rows: number) => Ask)[] = [
  (random, rows) => ({
    model: "half_plus_two",
    signature: "serving_default",
    inputs: one("x", floats(random, rows, 1)),
    version: random.pick([123n, 124n]),
  }),
  (random, rows) => ({
    model: "company",
    signature: random.pick(["plain", "best", "looping", "mapped", "half", "hidden_rows", "asserted"]),
    inputs: one("x", floats(random, rows, 3)),
  }),
  (random, rows) => ({
    model: "company",
    signature: random.pick([
      "centred",
      "greatest",
      "sorted",
      "numbered",
      "counted",
      "total",
      "hidden_total",
      "distinct",
    ]),
    inputs: one("x", floats(random, rows, 3)),
  }),
  (random, rows) => ({ model: "company", signature: "rounding", inputs: one("wide", floats(random, rows, 512)) }),
  (random, rows) => ({
    model: "company",
    signature: "any_rank",
    inputs: one("x", floats(random, ...random.pick([[rows], [rows, 1], [rows, 2], [rows, 2, 2], []]))),
  }),
  (random, rows) => ({
    model: "company",
    signature: "two_inputs",
    // Now and then of different rows, which the graph refuses or spreads.
    inputs: new Map([
      ["x", floats(random, rows, 3)],
      ["ids", integers(random, 9, random.chance(0.9) ? rows : rows + 1)],
    ]),
  }),
  // Ids from 2 up are out of range: those answer an error, and only theirs.
  (random, rows) => ({
    model: "company",
    signature: "gathered",
    inputs: one("ids", integers(random, random.chance(0.9) ? 2 : 3, rows)),
  }),
  (random, rows) => ({
    model: "company",
    signature: random.pick(["words", "joined_words"]),
    inputs: one("words", words(random, rows)),
  }),
  (random, rows) => ({
    model: "strings",
    signature: random.pick(["serving_default", "same", "lengths", "lookup", "joined"]),
    inputs: one("x", words(random, ...random.pick([[rows], [rows, 2]]))),
  }),
  (random, rows) => {
    const filter = random.pick([[], ["x"], ["n", "s_bytes"], ["s_bytes", "n"], ["x", "x"], ["no such output"]]);
    const inputs = new Map([
      ["x", floats(random, rows)],
      ["n", integers(random, 1000, rows, 2)],
      ["s", words(random, rows)],
    ]);
    return { model: "outputs", signature: "three", inputs, filter };
  },
  (random, rows) => {
    const dtype = random.pick(DTYPES);
    const inputs = one("x", bytesTensor(random, dtype, random.pick([[rows], [rows, 2], [rows, 0]])));
    return { model: "every_dtype", signature: dtype, inputs, grpcOnly: true };
  },
];

/** The same requests for the same seed. */
export function mixRequest(random: Random): MixRequest {
  const rows = 1 + random.below(random.pick([1, 3, 8]));
  if (random.chance(0.2)) return examplesRequest(random, rows);
  const ask = random.pick(ASKS)(random, rows);
  return ask.grpcOnly === true || random.chance(0.5) ? overGrpc(ask) : overRest(ask);
}

function overGrpc({ model, signature, inputs, filter = [], version: number }: Ask): MixRequest {
  const choice = number === undefined ? LATEST : ({ by: "version", version: version(number) } as const);
  const spec = { name: modelName(model), choice, signature };
  return {
    over: "grpc",
    signature: `${model} ${signature}`,
    method: "Predict",
    message: encodePredictRequest({ spec, inputs, outputFilter: filter }, "typed"),
  };
}

function overRest({ model, signature, inputs, filter, version: number }: Ask): MixRequest {
  const place = number === undefined ? model : `${model}/versions/${number}`;
  const columns = Object.fromEntries(Array.from(inputs, ([name, tensor]) => [name, nested(tensor)]));
  const body = JSON.stringify({
    signature_name: signature,
    inputs: columns,
    ...(filter === undefined || filter.length === 0 ? {} : { output_filter: filter }),
  });
  return { over: "rest", signature: `${model} ${signature}`, path: `/v1/models/${place}:predict`, body };
}

function nested(tensor: Tensor): unknown {
  const flat = valuesOf(tensor);
  const level = (shape: readonly number[], from: number): unknown => {
    const [size, ...inner] = shape;
    if (size === undefined) return flat[from];
    const step = elementCount(inner);
    return Array.from({ length: size }, (_, i) => level(inner, from + i * step));
  };
  return level(tensor.shape, 0);
}

function valuesOf(tensor: Tensor): readonly unknown[] {
  if (tensor.kind === "string") return tensor.values.map((value) => Buffer.from(value).toString());
  const { buffer } = Uint8Array.from(tensor.data);
  return tensor.dtype.name === "int64" ? Array.from(new BigInt64Array(buffer), Number) : [...new Float32Array(buffer)];
}

const CLASSIFY = ["serving_default", "classes", "scores", "flat_scores", "one_row", "unequal"];
const REGRESS = ["flat", "column", "one_value", "wide"];

/** Classify and Regress of the same features, some of them in a context for all rows. */
function examplesRequest(random: Random, rows: number): MixRequest {
  const method = random.pick(["Classify", "Regress"] as const);
  const signature = random.pick(method === "Classify" ? CLASSIFY : REGRESS);
  const examples = Array.from({ length: rows }, () => ({
    f: Math.round(random.unit() * 100) + 0.5,
    i: random.below(1000),
    s: random.pick(["a", "bb", "ccc"]),
  }));
  const context = random.chance(0.3) ? { s: "from the context" } : undefined;
  const own = context === undefined ? examples : examples.map(({ f, i }) => ({ f, i }));
  if (random.chance(0.5)) {
    const body = JSON.stringify({ signature_name: signature, ...(context && { context }), examples: own });
    return { over: "rest", signature, path: `/v1/models/features:${method.toLowerCase()}`, body };
  }
  const spec = { name: modelName("features"), choice: LATEST, signature };
  const input = { examples: own.map(exampleOf), context: context && exampleOf(context) };
  return { over: "grpc", signature, method, message: encodeExamplesRequest({ spec, input }) };
}

function exampleOf(features: Readonly<Record<string, string | number>>): Uint8Array {
  const writer = new FeaturesWriter();
  for (const [name, value] of Object.entries(features)) {
    const kind = typeof value === "string" ? "bytes" : name === "i" ? "int64" : "float";
    writer.add(TEXT.encode(name), {
      kind,
      strings: [TEXT.encode(String(value))],
      floats: Float64Array.of(Number(value)),
      halves: Uint32Array.of(Number(value), 0),
      count: kind === "int64" ? 2 : 1,
    });
  }
  return writer.finish();
}
