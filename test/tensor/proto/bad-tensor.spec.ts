import { describe, expect, test } from "vitest";
import { decodeTensor } from "../../../tensor/index.ts";
import { failureOf, times } from "../json/support.ts";
import { valuesOf } from "./wire-data.ts";

/** TensorProto of a dtype and a shape (sizes below 2^42), then more fields. */
function tensor(dtype: number, shape: number[], ...more: number[][]): Uint8Array {
  const dims = shape.flatMap((size) => {
    const content = [8, ...varint(size)];
    return [0x12, content.length, ...content];
  });
  return Uint8Array.from([8, dtype, 0x12, ...varint(dims.length), ...dims, ...more.flat()]);
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return [...out, rest];
}

const FLOAT = 1;
const STRING = 7;
const minusOne = [...times(9, 0xff), 1];

for (const { name, bytes, want } of [
  {
    name: "no dtype",
    bytes: Uint8Array.from([0x12, 0]),
    want: "INVALID_ARGUMENT: malformed protobuf message: there is no tensor type 0",
  },
  {
    name: "an unknown dtype",
    bytes: tensor(99, [1]),
    want: "INVALID_ARGUMENT: malformed protobuf message: there is no tensor type 99",
  },
  {
    name: "a reference dtype",
    bytes: tensor(100 + FLOAT, []),
    want: "INVALID_ARGUMENT: malformed protobuf message: there is no tensor type 101",
  },
  {
    name: "an unknown rank",
    bytes: Uint8Array.from([8, FLOAT, 0x12, 2, 0x18, 1]),
    want: "INVALID_ARGUMENT: malformed protobuf message: a tensor has an unknown rank",
  },
  {
    name: "a negative dimension",
    bytes: Uint8Array.from([8, FLOAT, 0x12, 13, 0x12, 11, 8, ...minusOne]),
    want: "INVALID_ARGUMENT: malformed protobuf message: a tensor has a dimension of size -1",
  },
  {
    name: "a shape of 10^12 and no values",
    bytes: tensor(FLOAT, [1e6, 1e6]),
    want: "INVALID_ARGUMENT: a tensor of shape [1000000,1000000] is too big",
  },
  {
    name: "a shape of 10^12 and one value",
    bytes: tensor(FLOAT, [1e12], [0x2a, 4, 0, 0, 128, 63]),
    want: "INVALID_ARGUMENT: a tensor of shape [1000000000000] is too big",
  },
  {
    name: "more strings than memory",
    bytes: tensor(STRING, [1e9], [0x42, 0]),
    want: "INVALID_ARGUMENT: the request holds too many strings or examples",
  },
  {
    name: "more elements than a number can count",
    bytes: tensor(FLOAT, [4e12, 4e12]),
    want: "INVALID_ARGUMENT: a tensor of shape [4000000000000,4000000000000] is too big",
  },
  {
    name: "more than 254 dimensions",
    bytes: tensor(FLOAT, times(300, 1)),
    want: "INVALID_ARGUMENT: malformed protobuf message: a tensor has more than 254 dimensions",
  },
  {
    name: "content of another length",
    bytes: tensor(FLOAT, [1], [0x22, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
    want: "INVALID_ARGUMENT: a float tensor of shape [1] takes 4 bytes, got 8",
  },
  {
    name: "string content that is too short",
    bytes: tensor(STRING, [2], [0x22, 3, 1, 1, 97]),
    want: "INVALID_ARGUMENT: malformed protobuf message: truncated",
  },
  {
    name: "string content that is too long",
    bytes: tensor(STRING, [1], [0x22, 3, 1, 97, 98]),
    want: "INVALID_ARGUMENT: malformed protobuf message: a string tensor's content is longer than its shape says",
  },
  {
    name: "a packed field that ends within a value",
    bytes: tensor(FLOAT, [1], [0x2a, 3, 0, 0, 0]),
    want: "INVALID_ARGUMENT: malformed protobuf message: a packed field ends within a value",
  },
  {
    name: "a resource",
    bytes: tensor(20, []),
    want: "UNIMPLEMENTED: a tensor of type resource cannot travel: what it refers to exists only in the process that made it",
  },
  {
    name: "a variant",
    bytes: tensor(21, []),
    want: "UNIMPLEMENTED: a tensor of type variant cannot travel: what it refers to exists only in the process that made it",
  },
]) {
  test(`refuses ${name}`, () => expect(failureOf(() => decodeTensor(bytes))).toBe(want));
}

describe("reads", () => {
  test("string content: the lengths, then the bytes", () => {
    const tensorOfStrings = decodeTensor(tensor(STRING, [3], [0x22, 6, 1, 0, 2, 97, 98, 99]));
    expect(valuesOf(tensorOfStrings)).toEqual(["a", "", "bc"].map((text) => Buffer.from(text).toString("base64")));
  });

  test("a shape that has a zero, however big the rest", () => {
    expect(decodeTensor(tensor(FLOAT, [4e12, 0, 4e12]))).toMatchObject({
      shape: [4e12, 0, 4e12],
      data: new Uint8Array(0),
    });
  });

  test("an empty tensor, whatever it is said to hold, as TensorFlow does", () => {
    expect(decodeTensor(tensor(FLOAT, [0], [0x22, 1, 0x61]))).toMatchObject({ data: new Uint8Array(0) });
    expect(decodeTensor(tensor(STRING, [0], [0x22, 1, 0x61]))).toMatchObject({ values: [] });
  });

  test("surplus values, dropping them", () => {
    expect(decodeTensor(tensor(9, [1], [0x52, 2, 5, 6]))).toMatchObject({
      data: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0),
    });
    expect(decodeTensor(tensor(FLOAT, [1], [0x2a, 8, 0, 0, 128, 63, 0, 0, 0, 64]))).toMatchObject({
      data: Uint8Array.of(0, 0, 128, 63),
    });
  });

  test("values in several runs, packed and not, wherever dtype and shape stand", () => {
    const runs = [0x2a, 4, 0, 0, 128, 63, 0x2d, 0, 0, 0, 64, 0x2a, 4, 0, 0, 64, 64];
    const bytes = Uint8Array.from([...runs, ...tensor(FLOAT, [5])]);
    const { data } = decodeTensor(bytes) as { data: Uint8Array };
    expect([...new Float32Array(data.slice().buffer)]).toEqual([1, 2, 3, 3, 3]);
  });

  test("packed floats and content without copying them", () => {
    for (const tag of [0x2a, 0x22]) {
      const bytes = tensor(FLOAT, [1], [tag, 4, 0, 0, 128, 63]);
      expect((decodeTensor(bytes) as { data: Uint8Array }).data.buffer).toBe(bytes.buffer);
    }
  });
});
