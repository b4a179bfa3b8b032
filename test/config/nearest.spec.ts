import { describe, expect, test } from "vitest";
import { editDistance, nearestWord } from "../../config/nearest.ts";

describe("the distance of two words", () => {
  for (const { a, b, want } of [
    { a: "", b: "", want: 0 },
    { a: "", b: "abc", want: 3 },
    { a: "port", b: "port", want: 0 },
    { a: "prot", b: "port", want: 1 }, // neighbours swapped
    { a: "pot", b: "port", want: 1 },
    { a: "ports", b: "port", want: 1 },
    { a: "kitten", b: "sitting", want: 3 },
  ]) {
    test(`${a} and ${b}: ${want}`, () => expect([editDistance(a, b), editDistance(b, a)]).toEqual([want, want]));
  }
});

describe("the nearest word", () => {
  const words = ["rest_api_port", "port", "rest_api_timeout_in_ms", "host"];
  for (const { written, want } of [
    { written: "prot", want: "port" },
    { written: "rest-api-prot", want: "rest_api_port" },
    { written: "REST_API_PORT", want: "rest_api_port" },
    { written: "hosts", want: "host" },
    { written: "zebra", want: undefined },
  ]) {
    test(`to ${written} is ${want ?? "none"}`, () => expect(nearestWord(written, words)).toBe(want));
  }

  test("to a megabyte is none, at once", () => expect(nearestWord("x".repeat(2 ** 20), words)).toBeUndefined());
});
