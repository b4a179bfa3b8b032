import { expect, test } from "vitest";
import { decodeBase64 } from "../../../tensor/json/base64.ts";
import { plainEnd } from "../../../tensor/json/plain-text.ts";
import { Random } from "../../fuzz/random.ts";
import { bytesOf, decode, failureOf } from "./support.ts";

test("the end of plain text is found wherever it is", () => {
  for (const length of [0, 1, 63, 64, 65, 200, 319, 320, 321, 336, 832, 2000, 140_000]) {
    const bytes = new Uint8Array(length).fill(0x61);
    // Not below a blank as they would be, were they signed.
    for (let i = 0; i < length; i += 3) bytes[i] = 0x80 + (i % 128);
    expect(plainEnd(bytes, 0)).toBe(length);
    for (let at = 0; at < length; at += length > 2000 ? 6007 : 1) {
      for (const byte of [0x22, 0x5c, 0x1f, 0]) {
        const was = bytes[at] as number;
        bytes[at] = byte;
        expect(plainEnd(bytes, 0)).toBe(at);
        bytes[at] = was;
      }
    }
    expect(plainEnd(bytes, length >> 1)).toBe(length);
  }
});

function read(text: string): string {
  const tensor = decode(`{"inputs": [${text}]}`, { x: "string" }).inputs.get("x");
  return tensor?.kind === "string" ? Buffer.from(tensor.values[0] as Uint8Array).toString() : "";
}

test("long strings are read with whatever they hold, and refused where they are wrong", () => {
  const long = "x".repeat(5000);
  for (const part of ['\\"', "\\\\", "\\n", "\\u00e9", "é", "\\ud83d\\ude00"]) {
    for (const text of [long + part, part + long, long + part + long]) {
      expect(read(`"${text}"`)).toBe(JSON.parse(`"${text}"`));
    }
  }
  const offset = '{"inputs": ["'.length + 5000;
  for (const [part, message] of [
    ["\n", `Invalid escape character in string. at offset: ${offset}`],
    ["\\x", `Invalid escape character in string. at offset: ${offset}`],
    ["\\ud800", `The surrogate pair in string is invalid. at offset: ${offset}`],
    ["\0", `Missing a closing quotation mark in string. at offset: ${offset}`],
  ]) {
    expect(failureOf(() => read(`"${long}${part}${long}"`))).toBe(`INVALID_ARGUMENT: JSON Parse error: ${message}`);
  }
});

/** The rule in one expression: letters with white space between, then the padding that their number asks for, or none. */
function isBase64(text: string, urlSafe: boolean): boolean {
  const solid = text.replaceAll(/[\t-\r ]/g, "");
  const letters = urlSafe ? "[A-Za-z0-9+/_-]" : "[A-Za-z0-9+/]";
  return new RegExp(`^(${letters}{4})*(${letters}{2}([=.]{2})?|${letters}{3}[=.]?)?$`).test(solid);
}

test("base64 is taken or refused by its rule, at any length and with any byte in it", () => {
  const random = new Random(13);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const value = random.bytes(random.below(random.chance(0.1) ? 2000 : 40));
    let text = value.toString("base64");
    const changes = random.below(3);
    for (let left = changes; left > 0; left--) {
      const at = random.below(text.length + 1);
      text =
        text.slice(0, at) +
        random.pick(["=", "-", "_", " ", "\n", ".", "A", "é", '"', ""]) +
        text.slice(at + random.below(2));
    }
    const urlSafe = random.chance(0.5);
    const said = failureOf(() => decodeBase64(Buffer.from(text, "latin1"), urlSafe));
    if (isBase64(text, urlSafe)) {
      expect(said, text).toMatch(/^nothing thrown/);
      const letters = text.replaceAll(/[^\w+/-]/g, "");
      expect(Buffer.from(decodeBase64(Buffer.from(text, "latin1"), urlSafe)), text).toEqual(
        Buffer.from(letters, "base64"),
      );
      if (changes === 0) expect(Buffer.from(decodeBase64(bytesOf(text), urlSafe))).toEqual(value);
    } else {
      refused++;
      expect(said, text).toBe("INVALID_ARGUMENT: Unable to base64 decode");
    }
  }
  expect(refused).toBeGreaterThan(500);
});
