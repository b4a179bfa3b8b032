/**
 * The element types of `tensorflow.DataType`: name as TensorFlow prints it, number on the wire, bytes an element (0 = not
 * of fixed size), and the TensorProto field that carries its values. 4- and 2-bit types take a byte an element in
 * memory and in `tensor_content`.
 */
const TABLE = [
  ["float", 1, 4, "float_val"],
  ["double", 2, 8, "double_val"],
  ["int32", 3, 4, "int_val"],
  ["uint8", 4, 1, "int_val"],
  ["int16", 5, 2, "int_val"],
  ["int8", 6, 1, "int_val"],
  ["string", 7, 0, "string_val"],
  ["complex64", 8, 8, "scomplex_val"],
  ["int64", 9, 8, "int64_val"],
  ["bool", 10, 1, "bool_val"],
  ["qint8", 11, 1, "int_val"],
  ["quint8", 12, 1, "int_val"],
  ["qint32", 13, 4, "int_val"],
  ["bfloat16", 14, 2, "half_val"],
  ["qint16", 15, 2, "int_val"],
  ["quint16", 16, 2, "int_val"],
  ["uint16", 17, 2, "int_val"],
  ["complex128", 18, 16, "dcomplex_val"],
  ["half", 19, 2, "half_val"],
  ["resource", 20, 0, "resource_handle_val"],
  ["variant", 21, 0, "variant_val"],
  ["uint32", 22, 4, "uint32_val"],
  ["uint64", 23, 8, "uint64_val"],
  ["float8_e5m2", 24, 1, "float8_val"],
  ["float8_e4m3fn", 25, 1, "float8_val"],
  ["float8_e4m3fnuz", 26, 1, "float8_val"],
  ["float8_e4m3b11fnuz", 27, 1, "float8_val"],
  ["float8_e5m2fnuz", 28, 1, "float8_val"],
  ["int4", 29, 1, "int_val"],
  ["uint4", 30, 1, "int_val"],
  ["int2", 31, 1, "int_val"],
  ["uint2", 32, 1, "int_val"],
  ["float4_e2m1fn", 33, 1, "float8_val"],
] as const;

export type DTypeName = (typeof TABLE)[number][0];
export type ValueField = (typeof TABLE)[number][3];

export interface DType {
  readonly name: DTypeName;
  readonly number: number;
  /** 0 for string, resource and variant. */
  readonly itemBytes: number;
  readonly field: ValueField;
}

const BY_NUMBER = new Map<number, DType>();
const BY_NAME = new Map<string, DType>();
for (const [name, number, itemBytes, field] of TABLE) {
  const dtype: DType = { name, number, itemBytes, field };
  BY_NUMBER.set(number, dtype);
  BY_NAME.set(name, dtype);
}

const REF_OFFSET = 100;

/** The type with this number; a reference type (101 = float_ref, in TF1 graphs) is its base type. Undefined for 0 and unknown numbers. */
export function dtypeOf(number: number): DType | undefined {
  return BY_NUMBER.get(number > REF_OFFSET ? number - REF_OFFSET : number);
}

export function dtypeNamed(name: DTypeName): DType {
  const dtype = BY_NAME.get(name);
  if (dtype === undefined) throw new TypeError(`no dtype is called ${name}`);
  return dtype;
}
