import { describe } from "vitest";
import type { Message } from "../../setup/grpc-client.ts";
import { modelsNamed } from "../rest/cases.ts";
import { type GrpcCase, holds, sharedClient, tensor } from "./cases.ts";

const { client } = sharedClient({ models: modelsNamed("every_dtype") });

/** Of the model whose signatures are called as their dtype, and answer what they are given. */
function same(signature_name: string, x: Message): Pick<GrpcCase, "method" | "request"> {
  return { method: "Predict", request: { model_spec: { name: "every_dtype", signature_name }, inputs: { x } } };
}

function answered(signature: string, y: string): Pick<GrpcCase, "answer"> {
  return { answer: { model_spec: `every_dtype 1 ${signature}`, outputs: { y } } };
}

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const text = (...values: string[]): Buffer[] => values.map((value) => Buffer.from(value));

describe("each dtype has its field, in answers too", () => {
  const rows: readonly [signature: string, field: string, values: readonly unknown[], content: string][] = [
    ["float", "float_val", [1.5, -0.25], "0000c03f000080be"],
    ["double", "double_val", [0.1, 1e300], "9a9999999999b93f9c7500883ce4377e"],
    ["int32", "int_val", [2147483647, -2147483648], "ffffff7f00000080"],
    ["int16", "int_val", [32767, -32768], "ff7f0080"],
    ["int8", "int_val", [127, -128], "7f80"],
    ["uint8", "int_val", [0, 255], "00ff"],
    ["uint16", "int_val", [0, 65535], "0000ffff"],
    ["uint32", "uint32_val", [0, 4294967295], "00000000ffffffff"],
    ["int64", "int64_val", ["9223372036854775807", "-9223372036854775808"], "ffffffffffffff7f0000000000000080"],
    ["uint64", "uint64_val", ["0", "18446744073709551615"], "0000000000000000ffffffffffffffff"],
    ["bool", "bool_val", [true, false], "0100"],
    ["half", "half_val", [15360, 49152], "003c00c0"],
    ["bfloat16", "half_val", [16256, 49024], "803f80bf"],
    ["complex64", "scomplex_val", [1, -1, 0.5, 0], "0000803f000080bf0000003f00000000"],
    ["complex128", "dcomplex_val", [1, -1, 0.5, 0], "000000000000f03f000000000000f0bf000000000000e03f0000000000000000"],
    ["qint8", "int_val", [1, -1], "01ff"],
    ["quint8", "int_val", [1, 255], "01ff"],
    ["qint32", "int_val", [1, -1], "01000000ffffffff"],
    ["int4", "int_val", [7, -8], "07f8"],
    ["uint4", "int_val", [0, 15], "000f"],
  ];
  for (const [signature, field, values, content] of rows) {
    const dtype = signature.toUpperCase();
    const y = `DT_${dtype} [2] ${field} ${values.join(" ")}`;
    holds(client, [
      {
        name: `${signature} in ${field}`,
        ...same(signature, tensor(dtype, [2], field, ...values)),
        ...answered(signature, y),
      },
      {
        name: `${signature} in tensor_content`,
        ...same(signature, { ...tensor(dtype, [2], field), tensor_content: hex(content) }),
        ...answered(signature, y),
      },
    ]);
  }
  holds(client, [
    {
      name: "string in string_val",
      ...same("string", tensor("STRING", [2], "string_val", ...text("a", "名"))),
      ...answered("string", "DT_STRING [2] string_val a 名"),
    },
    {
      name: "string in tensor_content: lengths, then bytes",
      ...same("string", { ...tensor("STRING", [2], "string_val"), tensor_content: Buffer.from("\u0001\u0003a名") }),
      ...answered("string", "DT_STRING [2] string_val a 名"),
    },
    {
      name: "float8 in float8_val",
      ...same("float8_e5m2", {
        dtype: "DT_FLOAT8_E5M2",
        tensor_shape: { dim: [{ size: 2 }] },
        float8_val: hex("3cbc"),
      }),
      ...answered("float8_e5m2", "DT_FLOAT8_E5M2 [2] float8_val 3cbc"),
    },
  ]);
});

describe("fewer and more values than the shape says", () => {
  holds(client, [
    {
      name: "the last one is repeated",
      ...same("float", tensor("FLOAT", [2, 2], "float_val", 1, 2)),
      ...answered("float", "DT_FLOAT [2,2] float_val 1 2 2 2"),
    },
    {
      name: "one stands for all, as make_tensor_proto writes constants",
      ...same("int64", tensor("INT64", [3], "int64_val", "7")),
      ...answered("int64", "DT_INT64 [3] int64_val 7 7 7"),
    },
    {
      name: "the last string is repeated",
      ...same("string", tensor("STRING", [3], "string_val", ...text("a", "b"))),
      ...answered("string", "DT_STRING [3] string_val a b b"),
    },
    {
      name: "none are zeros",
      ...same("float", tensor("FLOAT", [2], "float_val")),
      ...answered("float", "DT_FLOAT [2] float_val 0 0"),
    },
    {
      name: "no strings are empty ones",
      ...same("string", tensor("STRING", [2], "string_val")),
      ...answered("string", "DT_STRING [2] string_val  "),
    },
    {
      name: "what is surplus is dropped",
      ...same("int32", tensor("INT32", [1], "int_val", 1, 2, 3)),
      ...answered("int32", "DT_INT32 [1] int_val 1"),
    },
    {
      name: "the field of another dtype does not count",
      ...same("float", tensor("FLOAT", [1], "double_val", 3)),
      ...answered("float", "DT_FLOAT [1] float_val 0"),
    },
    {
      name: "content goes before values",
      ...same("int32", { ...tensor("INT32", [1], "int_val", 5), tensor_content: hex("07000000") }),
      ...answered("int32", "DT_INT32 [1] int_val 7"),
    },
    {
      name: "empty content does not count",
      ...same("int32", { ...tensor("INT32", [1], "int_val", 5), tensor_content: Buffer.alloc(0) }),
      ...answered("int32", "DT_INT32 [1] int_val 5"),
    },
    {
      name: "of an empty tensor nothing is looked at",
      ...same("int32", { ...tensor("INT32", [0, 3], "int_val", 5), tensor_content: hex("07") }),
      ...answered("int32", "DT_INT32 [0,3]"),
    },
    {
      name: "a width that the values do not fit is cut off",
      ...same("int8", tensor("INT8", [2], "int_val", 300, -129)),
      ...answered("int8", "DT_INT8 [2] int_val 44 127"),
    },
  ]);
});

describe("shapes", () => {
  holds(client, [
    {
      name: "without a shape a tensor is a scalar",
      ...same("float", { dtype: "DT_FLOAT", float_val: [1, 2] }),
      ...answered("float", "DT_FLOAT [] float_val 1"),
    },
    {
      name: "names of dimensions are no matter",
      ...same("float", { ...tensor("FLOAT", [], "float_val", 1), tensor_shape: { dim: [{ size: 1, name: "batch" }] } }),
      ...answered("float", "DT_FLOAT [1] float_val 1"),
    },
    {
      name: "254 dimensions are taken",
      ...same(
        "float",
        tensor(
          "FLOAT",
          Array.from({ length: 254 }, () => 1),
          "float_val",
          1,
        ),
      ),
      ...answered("float", `DT_FLOAT [${Array.from({ length: 254 }, () => 1).join()}] float_val 1`),
    },
  ]);
});

const wrong = (name: string, x: Message, reason = ""): GrpcCase => ({
  name,
  ...same("float", x),
  error: `INVALID_ARGUMENT: tensor parsing error: x${reason}`,
});

describe("a tensor that cannot be read", () => {
  holds(client, [
    wrong("no dtype", { tensor_shape: { dim: [] }, float_val: [1] }),
    wrong("a dtype that there is not", { dtype: 77, tensor_shape: { dim: [] } }),
    wrong("a reference dtype", { ...tensor("FLOAT_REF", [], "float_val", 1) }),
    wrong("a negative dimension", tensor("FLOAT", [-1], "float_val", 1), ": a tensor has a dimension of size -1"),
    wrong("an unknown rank", { dtype: "DT_FLOAT", tensor_shape: { unknown_rank: true }, float_val: [1] }),
    wrong("more elements than there can be", tensor("FLOAT", [2 ** 40, 2 ** 40], "float_val", 1)),
    wrong(
      "255 dimensions",
      tensor(
        "FLOAT",
        Array.from({ length: 255 }, () => 1),
        "float_val",
        1,
      ),
    ),
    wrong(
      "content of another length",
      { ...tensor("FLOAT", [1], "float_val"), tensor_content: hex("0000000000000000") },
      ": a float tensor of shape [1] takes 4 bytes, got 8",
    ),
    wrong("string content that is cut short", { ...tensor("STRING", [2], "string_val"), tensor_content: hex("0101") }),
    wrong("string content that goes on", { ...tensor("STRING", [1], "string_val"), tensor_content: hex("016161") }),
    wrong("what lives in another process", tensor("RESOURCE", [], "resource_handle_val")),
  ]);
});

const spec = (signature_name: string): Message => ({ model_spec: { name: "every_dtype", signature_name } });

describe("an output that cannot be sent", () => {
  holds(client, [
    { name: "a resource", method: "Predict", request: spec("resource"), error: "UNIMPLEMENTED: " },
    { name: "a variant", method: "Predict", request: spec("variant"), error: "UNIMPLEMENTED: " },
  ]);
});
