import { expect, test } from "vitest";
import { hiddenIn, mask } from "../../config/mask.ts";

const SECRET = "Tr0ub4dor&3";

test("values differ from what was written where a reference stood, however deep", () => {
  const value = { a: [1, { b: "x" }], c: "same", d: null };
  const written = { a: ["${ONE}", { b: "${B}" }], c: "same", d: "${EMPTY}" };
  expect(hiddenIn(value, written)).toEqual([
    { path: ["a", 0], value: 1, written: "${ONE}" },
    { path: ["a", 1, "b"], value: "x", written: "${B}" },
    { path: ["d"], value: null, written: "${EMPTY}" },
  ]);
});

for (const { name, message, value = SECRET, near = true, want } of [
  { name: "in quotes", message: `got "${SECRET}" here`, want: "got ${X} here" },
  { name: "bare", message: `/^${SECRET}$/ is wrong`, want: "/^${X}$/ is wrong" },
  { name: "in another letter case", message: `got ${SECRET.toUpperCase()}`, want: "got ${X}" },
  {
    name: "cut",
    message: `got ${JSON.stringify("long".repeat(20)).slice(0, 57)}…`,
    value: "long".repeat(20),
    want: "got ${X}",
  },
  {
    name: "cut in an unforeseen way",
    message: `starts with ${SECRET.slice(0, 9)}`,
    want: "the value of ${X} does not fit",
  },
  { name: "with escapes", message: 'got "a\\"b"', value: 'a"b', want: "got ${X}" },
  { name: "as a number", message: "from 0 to 65535, got 5", value: 5, want: "from 0 to 65535, got ${X}" },
  { name: "of another entry", message: `is "${SECRET}" already`, near: false, want: "is ${X} already" },
  { name: "long, bare, of another entry", message: `is ${SECRET} already`, near: false, want: "is ${X} already" },
  {
    name: "a word of the sentence, of another entry",
    message: "one of info, warn",
    value: "info",
    near: false,
    want: "one of info, warn",
  },
  { name: "nothing", message: "got nothing", value: "", want: "got nothing" },
]) {
  test(`a value is not shown ${name}`, () => {
    const hidden = [{ path: ["server"], value, written: "${X}" }];
    expect(mask(message, near ? hidden : [], near ? [] : hidden)).toBe(want);
  });
}

test("a reference is not taken for the value of another one", () => {
  const hidden = [
    { path: ["a"], value: "SECRET_NAME", written: "${OTHER}" },
    { path: ["b"], value: "s3cret-value", written: "${SECRET_NAME}" },
  ];
  expect(mask('got "s3cret-value"', hidden, [])).toBe("got ${SECRET_NAME}");
});
