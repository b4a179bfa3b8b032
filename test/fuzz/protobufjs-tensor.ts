import * as fc from "fast-check";
import protobuf from "protobufjs";
import { type DTypeName, dtypeNamed } from "../../tensor/index.ts";
import { ROOT } from "../setup/tensorgate.ts";

const root = new protobuf.Root();
root.resolvePath = (_from, target) => (target.startsWith("/") ? target : `${ROOT}protos/${target}`);
root.loadSync("tensorflow_serving/apis/prediction_service.proto", { keepCase: true });

/** protobufjs knows the messages from their files, and nothing of this project's codec. */
export function type(name: string): protobuf.Type {
  return root.lookupType(name);
}

/** A TensorProto as protobufjs takes it, and what TensorFlow makes of it, each element as its bytes in hex. */
export interface Sample {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly proto: Readonly<Record<string, unknown>>;
  readonly elements: readonly string[];
}

interface Kind<T> {
  readonly field: string;
  readonly dtypes: readonly DTypeName[];
  readonly value: fc.Arbitrary<T>;
  /** What protobufjs takes: one number, or the two of a complex one. */
  readonly wire: (value: T) => readonly unknown[];
  readonly bytes: (value: T, dtype: DTypeName) => Uint8Array;
}

const whole = (bits: number, signed: boolean) =>
  fc.bigInt(signed ? -(2n ** BigInt(bits - 1)) : 0n, 2n ** BigInt(signed ? bits - 1 : bits) - 1n);
const float = fc.float();
const double = fc.double();

function little(bytes: number, value: bigint): Uint8Array {
  const data = new DataView(new ArrayBuffer(8));
  data.setBigUint64(0, BigInt.asUintN(64, value), true);
  return new Uint8Array(data.buffer, 0, bytes);
}

function integers(field: string, bits: number, signed: boolean, ...dtypes: readonly DTypeName[]): Kind<bigint> {
  return {
    field,
    dtypes,
    value: whole(bits, signed),
    wire: (value) => [bits < 64 ? Number(value) : String(value)],
    // What does not fit is cut, as C casts.
    bytes: (value, dtype) => little(dtypeNamed(dtype).itemBytes, value),
  };
}

const floatBytes = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const doubleBytes = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

const KINDS = [
  integers(
    "int_val",
    32,
    true,
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint16",
    "qint8",
    "quint8",
    "qint16",
    "quint16",
    "qint32",
  ),
  integers("half_val", 16, false, "half", "bfloat16"),
  integers("int64_val", 64, true, "int64"),
  integers("uint64_val", 64, false, "uint64"),
  integers("uint32_val", 32, false, "uint32"),
  {
    field: "bool_val",
    dtypes: ["bool"],
    value: fc.boolean(),
    wire: (value) => [value],
    bytes: (value) => Uint8Array.of(value ? 1 : 0),
  } satisfies Kind<boolean>,
  {
    field: "string_val",
    dtypes: ["string"],
    value: fc.uint8Array({ maxLength: 300 }),
    wire: (value) => [Buffer.from(value)],
    bytes: (value) => value,
  } satisfies Kind<Uint8Array>,
  {
    field: "float_val",
    dtypes: ["float"],
    value: float,
    wire: (v) => [v],
    bytes: (v) => floatBytes(v),
  } satisfies Kind<number>,
  {
    field: "double_val",
    dtypes: ["double"],
    value: double,
    wire: (v) => [v],
    bytes: (v) => doubleBytes(v),
  } satisfies Kind<number>,
  {
    field: "scomplex_val",
    dtypes: ["complex64"],
    value: fc.tuple(float, float),
    wire: (value) => value,
    bytes: (value) => floatBytes(...value),
  } satisfies Kind<[number, number]>,
  {
    field: "dcomplex_val",
    dtypes: ["complex128"],
    value: fc.tuple(double, double),
    wire: (value) => value,
    bytes: (value) => doubleBytes(...value),
  } satisfies Kind<[number, number]>,
] as unknown as readonly Kind<unknown>[];

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** With as many values as the shape says, more, fewer or none; or, for numbers, with their bytes as `tensor_content`. */
export const samples: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...KINDS), shapes, fc.nat(), fc.integer({ min: 0, max: 5 }))
  .chain(([kind, shape, which, form]) => {
    const dtype = kind.dtypes[which % kind.dtypes.length] as DTypeName;
    const count = shape.reduce((a, b) => a * b, 1);
    const range = { full: [count, count], more: [count, count + 3], fewer: [0, count] } as const;
    const [minLength, maxLength] = range[form < 3 ? "full" : form === 3 ? "more" : "fewer"];
    return fc.array(kind.value, { minLength, maxLength }).map((values) => {
      const given = values.map((value) => hex(kind.bytes(value, dtype)));
      const last = given.at(-1) ?? "00".repeat(dtypeNamed(dtype).itemBytes);
      const asContent = form === 0 && dtype !== "string";
      return {
        dtype,
        shape,
        elements: Array.from({ length: count }, (_, i) => given[i] ?? last),
        proto: {
          dtype: dtypeNamed(dtype).number,
          tensor_shape: { dim: shape.map((size) => ({ size })) },
          ...(asContent
            ? { tensor_content: Buffer.from(given.join(""), "hex") }
            : { [kind.field]: values.flatMap(kind.wire) }),
        },
      };
    });
  });
