import { once } from "node:events";
import { connect } from "node:http2";
import { array, assert, asyncProperty, dictionary, integer, oneof, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";
import { Http2Error } from "../../http2/error.ts";
import { Flag, Frame } from "../../http2/frame.ts";
import { HeaderBlocks } from "../../http2/header-blocks.ts";
import { type Fields, HeaderDecoder } from "../../http2/header-decoder.ts";
import { encodeFields } from "../../http2/header-encoder.ts";
import { startConnections } from "./raw-client.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

const name = stringMatching(/^x-[a-z0-9_-]{1,12}$/);
/** Every byte that nghttp2 lets through; a space at an end would be cut. */
const value = array(oneof(integer({ min: 0x21, max: 0x7e }), integer({ min: 0xa1, max: 0xff })), {
  maxLength: 200,
}).map((codes) => String.fromCharCode(...codes));

test("whatever nghttp2 writes is read, over tables that fill up and are emptied again", {
  timeout: 30_000,
}, async () => {
  using server = await startConnections(({ connection, stream }) =>
    connection.sendHeaders(stream, encodeFields([":status", "200"]), true),
  );
  const session = connect(`http://127.0.0.1:${server.port}`);
  try {
    await assert(
      asyncProperty(dictionary(name, value, { maxKeys: 20 }), async (headers) => {
        const request = session.request({ ":path": "/a", ...headers });
        request.resume();
        await once(request, "close");
        const fields = server.seen.at(-1)?.fields ?? [];
        const got = new Map<string, string>();
        for (let i = 0; i < fields.length; i += 2) got.set(fields[i] as string, fields[i + 1] as string);
        expect(got.get(":path")).toBe("/a");
        for (const [key, text] of Object.entries(headers)) expect(got.get(key)).toBe(text);
      }),
      { numRuns: 300 },
    );
  } finally {
    session.destroy();
  }
});

test("nghttp2 reads whatever is written", { timeout: 30_000 }, async () => {
  let answer: readonly string[] = [];
  using server = await startConnections(({ connection, stream }) =>
    connection.sendHeaders(stream, encodeFields([":status", "200", ...answer]), true),
  );
  const session = connect(`http://127.0.0.1:${server.port}`);
  try {
    await assert(
      asyncProperty(dictionary(name, value, { maxKeys: 60 }), async (headers) => {
        answer = Object.entries(headers).flat();
        const request = session.request({ ":path": "/" });
        request.resume();
        const [got] = (await once(request, "response")) as [Record<string, string>];
        expect(got).toMatchObject(headers);
      }),
      { numRuns: 100 },
    );
  } finally {
    session.destroy();
  }
});

test("the examples of RFC 7541, C.4, are read in their order", () => {
  const decoder = new HeaderDecoder();
  expect(decoder.decode(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual(
    [":method GET", ":scheme http", ":path /", ":authority www.example.com"].flatMap((field) => field.split(" ")),
  );
  expect(decoder.decode(hex("8286 84be 5886 a8eb 1064 9cbf"))?.slice(-4)).toEqual([
    ":authority",
    "www.example.com",
    "cache-control",
    "no-cache",
  ]);
  const third = decoder.decode(hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"));
  expect(third?.slice(-4)).toEqual([":authority", "www.example.com", "custom-key", "custom-value"]);
});

describe("a block is an error when", () => {
  for (const { name, block } of [
    { name: "it names a field of an empty table", block: "be" },
    { name: "it names field 0", block: "80" },
    { name: "a string is longer than it", block: "400a 6162" },
    { name: "it ends within a number", block: "ff80" },
    { name: "a number has no end", block: "ffff ffff ffff ffff" },
    { name: "padding is not of ones", block: "4001 6181 00" },
    { name: "padding is longer than seven bits", block: "4001 6182 1fff" },
    { name: "the end of a string is coded", block: "4001 6184 ffff ffff" },
    { name: "the table grows beyond what was allowed", block: "3fe2 1f" },
    { name: "the table's size changes behind a field", block: "8220" },
  ]) {
    test(name, () => expect(() => new HeaderDecoder().decode(hex(block))).toThrow(Http2Error));
  }
});

function literal(name: string, value: string): Buffer {
  return encodeFields([name, value]);
}

describe("nobody's request are fields", () => {
  for (const { name, block } of [
    { name: "that are too many", block: Buffer.alloc(129, 0x82) },
    { name: "that are too long together", block: Buffer.concat(Array(9).fill(literal("a", "b".repeat(8000)))) },
    { name: "with a name in upper case", block: literal("Accept", "x") },
    { name: "without a name", block: literal("", "x") },
    { name: "with a line's end", block: literal("a", "x\r\ny: z") },
    { name: "with a zero", block: literal("a", "x\0") },
  ]) {
    test(name, () => {
      const decoder = new HeaderDecoder();
      expect(decoder.decode(block)).toBeUndefined();
      expect(decoder.decode(hex("82"))).toEqual([":method", "GET"]);
    });
  }
});

test("a block in several frames is put together from memory that changes meanwhile", () => {
  const found: (Fields | undefined)[] = [];
  const blocks = new HeaderBlocks((_stream, fields) => found.push(fields));
  const block = encodeFields(["a", "1", "b", "2"]);
  const shared = Buffer.alloc(block.length);
  const half = block.length >> 1;
  block.copy(shared, 0, 0, half);
  blocks.take(Frame.HEADERS, 0, 1, shared.subarray(0, half));
  shared.fill(0xee);
  blocks.take(Frame.CONTINUATION, Flag.END_HEADERS, 1, block.subarray(half));
  expect(found).toEqual([["a", "1", "b", "2"]]);
});
