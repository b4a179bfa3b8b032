import { describe, expect, test } from "vitest";
import { parseRequestBody } from "../../../tensor/index.ts";
import { bytesOf, failureOf } from "./support.ts";

function failure(body: string | Uint8Array): string {
  return failureOf(() => parseRequestBody(typeof body === "string" ? bytesOf(body) : body));
}

/** Offsets were checked against RapidJSON itself, in the mode that TensorFlow Serving uses. */
describe("what is not JSON is refused with RapidJSON's reason and offset", () => {
  for (const { body, want } of [
    { body: "", want: "The document is empty" },
    { body: "   ", want: "The document is empty. at offset: 3" },
    { body: "]", want: "The document is empty. at offset: 0" },
    { body: "\u{feff}", want: "The document is empty. at offset: 3" },
    { body: "x", want: "Invalid value. at offset: 0" },
    { body: "{", want: "Missing a name for object member. at offset: 1" },
    { body: "{'a': 1}", want: "Missing a name for object member. at offset: 1" },
    { body: "{1: 1}", want: "Missing a name for object member. at offset: 1" },
    { body: '{"a": 1,}', want: "Missing a name for object member. at offset: 8" },
    { body: '{"a" 1}', want: "Missing a colon after a name of object member. at offset: 5" },
    { body: '{"a": 1', want: "Missing a comma or } after an object member. at offset: 7" },
    { body: '{"a": 01}', want: "Missing a comma or } after an object member. at offset: 7" },
    { body: '{"a": 1 "b": 2}', want: "Missing a comma or } after an object member. at offset: 8" },
    { body: '{"a": [1 2]}', want: "Missing a comma or ] after an array element. at offset: 9" },
    { body: '{"a": [1}', want: "Missing a comma or ] after an array element. at offset: 8" },
    { body: '{"a": [1,]}', want: "Invalid value. at offset: 9" },
    { body: '{"a": }', want: "Invalid value. at offset: 6" },
    { body: '{"a": nul}', want: "Invalid value. at offset: 9" },
    { body: '{"a": True}', want: "Invalid value. at offset: 6" },
    { body: '{"a": nan}', want: "Invalid value. at offset: 7" },
    { body: '{"a": Infinit}', want: "Invalid value. at offset: 13" },
    { body: '{"a": +1}', want: "Invalid value. at offset: 6" },
    { body: '{"a": .5}', want: "Invalid value. at offset: 6" },
    { body: '{"a": -}', want: "Invalid value. at offset: 7" },
    { body: '{"a": 1.}', want: "Miss fraction part in number. at offset: 8" },
    { body: '{"a": 1e}', want: "Miss exponent in number. at offset: 8" },
    { body: '{"a": 1e+}', want: "Miss exponent in number. at offset: 9" },
    { body: '{"a": 1e400}', want: "Number too big to be stored in double. at offset: 6" },
    { body: '{"a": -1.8e308}', want: "Number too big to be stored in double. at offset: 6" },
    { body: `{"a": ${"9".repeat(310)}}`, want: "Number too big to be stored in double. at offset: 6" },
    { body: '{"a": "b}', want: "Missing a closing quotation mark in string. at offset: 9" },
    { body: '{"a": "b\0"}', want: "Missing a closing quotation mark in string. at offset: 8" },
    { body: '{"a": "b\n"}', want: "Invalid escape character in string. at offset: 8" },
    { body: String.raw`{"a": "\x"}`, want: "Invalid escape character in string. at offset: 7" },
    { body: String.raw`{"a": "\u12g4"}`, want: "Incorrect hex digit after \\u escape in string. at offset: 7" },
    { body: String.raw`{"a": "\ud800"}`, want: "The surrogate pair in string is invalid. at offset: 7" },
    { body: String.raw`{"a": "\ud800\ud800"}`, want: "The surrogate pair in string is invalid. at offset: 7" },
    { body: String.raw`{"a": "\udc00"}`, want: "The surrogate pair in string is invalid. at offset: 7" },
    { body: '{"a": 1 // no comments\n}', want: "Missing a comma or } after an object member. at offset: 8" },
  ]) {
    test(JSON.stringify(body).slice(0, 40), () => {
      expect(failure(body)).toBe(`INVALID_ARGUMENT: JSON Parse error: ${want}`);
    });
  }
});

describe("what is more than JSON is taken", () => {
  for (const { name, body } of [
    { name: "a byte-order mark", body: bytesOf('\u{feff}{"signature_name": "s"}') },
    { name: "anything behind the first value", body: bytesOf('{"signature_name": "s"} } what [') },
    {
      name: "NaN, Inf and Infinity, negative too",
      body: bytesOf('{"a": [NaN, -NaN, Inf, -Inf, Infinity, -Infinity], "signature_name": "s"}'),
    },
    {
      name: "strings that are no UTF-8",
      body: Uint8Array.from([...bytesOf('{"a": "'), 0xff, 0xfe, ...bytesOf('", "signature_name": "s"}')]),
    },
    { name: "numbers below the smallest double", body: bytesOf('{"a": [1e-400, 0e0], "signature_name": "s"}') },
    { name: "the largest double", body: bytesOf('{"a": 1.7976931348623157e308, "signature_name": "s"}') },
    { name: "white space of all four kinds", body: bytesOf(' \t\r\n{ "a" :\t[ ] , "signature_name"\r:\n"s" } ') },
    { name: "escapes in names", body: bytesOf(String.raw`{"signature\u005fname": "s", "signature_name": "later"}`) },
  ]) {
    test(name, () => expect(parseRequestBody(body).signature).toBe("s"));
  }
});

describe("the top level", () => {
  test("must be an object", () => {
    for (const [body, quoted] of [
      ["[1, 2]", "[\n    1,\n    2\n]"],
      ["true", "true"],
      ["12", "12"],
      ["1.50", "1.5"],
      ['"x"', '"x"'],
      ["[]", "[]"],
    ]) {
      expect(failure(body as string)).toBe(`INVALID_ARGUMENT: JSON Value: ${quoted} Is not object`);
    }
  });

  test("signature_name may be missing or empty, and the first one counts", () => {
    expect(parseRequestBody(bytesOf("{}")).signature).toBe("");
    expect(parseRequestBody(bytesOf('{"signature_name": ""}')).signature).toBe("");
    expect(parseRequestBody(bytesOf('{"signature_name": "签名\\n", "signature_name": "b"}')).signature).toBe("签名\n");
  });

  test("signature_name must be a string", () => {
    expect(failure('{"signature_name": 5}')).toBe(
      `INVALID_ARGUMENT: JSON Value: {\n    "signature_name": 5\n} not formatted correctly. 'signature_name' key must be a string value.`,
    );
  });
});

describe("hostile bodies", () => {
  test("half a million nested brackets are read, and refused where they are wrong", () => {
    const lists = `{"instances": ${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
    expect(parseRequestBody(bytesOf(lists)).members.get("instances")).toBe(14);
    const objects = `{"a": ${'{"b":'.repeat(500_000)}1${"}".repeat(500_000)}}`;
    expect(parseRequestBody(bytesOf(objects)).signature).toBe("");
    expect(failure("[".repeat(500_000))).toBe("INVALID_ARGUMENT: JSON Parse error: Invalid value. at offset: 500000");
  });

  test("a message quotes no more than 256 bytes of a body, whole characters only", () => {
    const message = failure(`["${"文".repeat(1000)}"]`);
    expect(message).toMatch(/^INVALID_ARGUMENT: JSON Value: \[\n {4}"文+\.\.\. Is not object$/);
    expect(message.length).toBeLessThan(200);
    expect(failure(`${"[".repeat(100_000)}${"]".repeat(100_000)}`).length).toBeLessThan(400);
  });
});
