import { expect, test } from "vitest";
import { decodeTensor, encodeTensor } from "../../../tensor/index.ts";
import { dtypeName, TENSORS, unbase64, valuesOf } from "./wire-data.ts";

/** In memory -0 and the bits of a small type matter, so compare with Object.is, as toEqual does. */
for (const record of TENSORS) {
  const want = record.expect ?? record.values;
  const typed = unbase64(record.proto_b64);

  test(`reads Python's ${record.name} from its value field`, () => {
    const tensor = decodeTensor(typed);
    expect(tensor.dtype.name).toBe(dtypeName(record));
    expect(tensor.shape).toEqual(record.shape);
    expect(valuesOf(tensor)).toEqual(want);
  });

  if (record.content_b64 !== null) {
    const content = unbase64(record.content_b64);
    test(`reads Python's ${record.name} from tensor_content`, () => {
      expect(valuesOf(decodeTensor(content))).toEqual(want);
    });
    test(`writes ${record.name} as tensor_content as Python does`, () => {
      expect(Buffer.from(encodeTensor(decodeTensor(typed), { form: "content" }))).toEqual(Buffer.from(content));
    });
  }

  if (record.expect === undefined) {
    test(`writes ${record.name} in its value field as Python does`, () => {
      expect(Buffer.from(encodeTensor(decodeTensor(typed), { form: "typed" }))).toEqual(Buffer.from(typed));
    });
  }
}
