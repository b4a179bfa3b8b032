import { describe, expect, test } from "vitest";
import { type Bytes, piecesOf } from "../../core/index.ts";
import { MessageReader, messagePrefix } from "../../http2/message.ts";

const noise = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 31) ^ (i >>> 8)));

describe("a message is whole, and its pieces stay as they are, in pieces of", () => {
  for (const { piece, bytes } of [
    { piece: 1, bytes: 300 },
    { piece: 4, bytes: 3 },
    { piece: 5, bytes: 20_000 },
    { piece: 16_384, bytes: 600_000 },
    { piece: 16_384, bytes: 9_000_000 },
    { piece: 10_000_000, bytes: 9_000_000 },
    { piece: 3, bytes: 0 },
  ]) {
    test(`${piece} bytes, of ${bytes}`, () => {
      const message = noise(bytes);
      const stream = Buffer.concat([messagePrefix(bytes), message]);
      const before = Buffer.from(stream);
      const reader = new MessageReader(-1);
      for (let at = 0; at < stream.length; at += piece) {
        expect(reader.take()).toBeUndefined();
        expect(reader.add(stream.subarray(at, at + piece))).toBeUndefined();
        expect(reader.add(Buffer.alloc(0))).toBeUndefined();
      }
      expect(stream.equals(before)).toBe(true);
      expect(Buffer.concat(piecesOf(reader.take() ?? [])).equals(message)).toBe(true);
    });
  }
});

test("what comes behind a message is told, and not taken", () => {
  for (const more of [1, 2 ** 20]) {
    const reader = new MessageReader(-1);
    expect(reader.add(Buffer.concat([messagePrefix(3), noise(2)]))).toBeUndefined();
    expect(reader.add(noise(1 + more))).toBe("more than one");
  }
});

test("a length that is only said takes no memory", () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 20 }, () => {
    const reader = new MessageReader(-1);
    for (const piece of [messagePrefix(2 ** 31), noise(10), noise(10)]) expect(reader.add(piece)).toBeUndefined();
    return reader;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(readers.length * 2 ** 21);
});

test("a message in very small pieces takes no more than its own length", () => {
  const before = process.memoryUsage();
  const reader = new MessageReader(-1);
  const chunk = Buffer.alloc(2 ** 16);
  reader.add(messagePrefix(2 ** 20));
  for (let i = 0; i < 2 ** 20 - 1; i++) reader.add(chunk.subarray(i % chunk.length, (i % chunk.length) + 1));
  expect(reader.take()).toBeUndefined();
  globalThis.gc?.();
  expect(process.memoryUsage().heapUsed - before.heapUsed).toBeLessThan(60 * 2 ** 20);
});

/** Bytes of all the memory that a message's pieces are parts of. */
function keptBytes(message: Bytes): number {
  let sum = 0;
  for (const buffer of new Set(piecesOf(message).map((piece) => piece.buffer))) sum += buffer.byteLength;
  return sum;
}

test("pieces of a long message are passed on as they came", () => {
  const reader = new MessageReader(-1);
  const chunks = Array.from({ length: 10 }, () => new Uint8Array(65_536).fill(1));
  reader.add(messagePrefix(655_360));
  // As they come in frames of 16 KiB.
  for (const { buffer } of chunks)
    for (let at = 0; at < 65_536; at += 16_384) reader.add(Buffer.from(buffer, at, 16_384));
  const message = reader.take() ?? [];
  expect(new Set(piecesOf(message).map(({ buffer }) => buffer))).toEqual(new Set(chunks.map(({ buffer }) => buffer)));
});

test("a short message is put together", () => {
  const reader = new MessageReader(-1);
  reader.add(Buffer.concat([messagePrefix(60_000), noise(30_000)]));
  reader.add(noise(30_000));
  expect(reader.take()).toBeInstanceOf(Uint8Array);
});

for (const { name, piece, of } of [
  { name: "small parts of large memory are", piece: 5000, of: 65_536 },
  { name: "very small pieces are", piece: 100, of: 1000 },
  { name: "very small pieces of one memory are", piece: 100, of: 2 ** 22 },
]) {
  test(`${name} not kept`, () => {
    const reader = new MessageReader(-1);
    const size = 2_000_000;
    reader.add(messagePrefix(size));
    const shared = of > 2 ** 20 ? Buffer.alloc(of) : undefined;
    for (let at = 0; at < size; at += piece) {
      reader.add((shared ?? Buffer.from(new ArrayBuffer(of))).subarray(0, Math.min(piece, size - at)));
    }
    const message = reader.take() ?? [];
    expect(keptBytes(message)).toBeLessThan(2.5 * size + 2 ** 18);
    expect(piecesOf(message).length).toBeLessThan(size / 1000);
  });
}
