import { describe, expect, test } from "vitest";
import { tfRecords } from "../../../worker/lifecycle/tf-record.ts";

/** Written by Python's `tf.io.TFRecordWriter`: the records b"hello", b"" and bytes 0 to 19. */
const WRITTEN = Buffer.from(
  "BQAAAAAAAADqsgQ+aGVsbG+7HxwZAAAAAAAAAAApA5gH2OqCohQAAAAAAAAAXj0pFQABAgMEBQYHCAkKCwwNDg8QERITy4NQeg==",
  "base64",
);
/** Where the records begin. */
const [SECOND, THIRD] = [21, 37];

describe("records of a TFRecord file", () => {
  test("are read as Python wrote them", () => {
    const records = [...tfRecords(WRITTEN)].map((record) => [...record]);
    expect(records).toEqual([[...Buffer.from("hello")], [], Array.from({ length: 20 }, (_, i) => i)]);
  });

  test("none are in an empty file", () => {
    expect([...tfRecords(Buffer.alloc(0))]).toEqual([]);
  });

  const broken = [
    { name: "text", file: Buffer.from("this is no TFRecord file"), want: /^corrupted record at 0\. Please verify/ },
    { name: "fewer bytes than a head", file: WRITTEN.subarray(0, 7), want: /^truncated record at 0/ },
    {
      name: "data that is cut off",
      file: WRITTEN.subarray(0, WRITTEN.length - 1),
      want: new RegExp(`^truncated record at ${THIRD}`),
    },
    { name: "data that has changed", file: changed(14), want: /^corrupted record at 0/ },
    { name: "a length that has changed", file: changed(SECOND), want: new RegExp(`^corrupted record at ${SECOND}`) },
  ];
  for (const { name, file, want } of broken) {
    test(`${name} is DATA_LOSS`, () => {
      expect(() => [...tfRecords(file)]).toThrow(
        expect.objectContaining({ code: "DATA_LOSS", message: expect.stringMatching(want) }),
      );
    });
  }
});

function changed(at: number): Buffer {
  const file = Buffer.from(WRITTEN);
  file[at] = (file[at] ?? 0) ^ 1;
  return file;
}
