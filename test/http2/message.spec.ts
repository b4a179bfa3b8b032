import { describe, expect, test } from "vitest";
import { joinedBuffer, piecesOf } from "../../core/index.ts";
import { MessageReader, messagePrefix } from "../../http2/message.ts";
import { ReusedRooms, type Rooms } from "../../http2/rooms.ts";

const noise = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 31) ^ (i >>> 8)));

describe("a message is whole, whatever becomes of the memory that it came in, in pieces of", () => {
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
      const reader = new MessageReader(-1);
      for (let at = 0; at < stream.length; at += piece) {
        expect(reader.take()).toBeUndefined();
        const came = Buffer.from(stream.subarray(at, at + piece));
        expect(reader.add(came)).toBeUndefined();
        came.fill(0xff);
        expect(reader.add(Buffer.alloc(0))).toBeUndefined();
      }
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

test("a short message is put together", () => {
  const reader = new MessageReader(-1);
  reader.add(Buffer.concat([messagePrefix(60_000), noise(30_000)]));
  reader.add(noise(30_000));
  expect(reader.take()).toBeInstanceOf(Uint8Array);
});

test("a long message is in few pieces, and takes no more memory than it has bytes", () => {
  const reader = new MessageReader(-1);
  const size = 5_000_000;
  reader.add(messagePrefix(size));
  for (let at = 0; at < size; at += 5000) reader.add(noise(Math.min(5000, size - at)));
  const pieces = piecesOf(reader.take() ?? []);
  expect(pieces.length).toBeLessThan(12);
  expect(pieces.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBe(size);
});

test("a prefix that comes byte by byte is read from memory that changes", () => {
  const shared = Buffer.alloc(1);
  const reader = new MessageReader(-1);
  for (const byte of [...messagePrefix(2), 7, 8]) {
    shared[0] = byte;
    expect(reader.add(shared)).toBeUndefined();
  }
  expect(joinedBuffer(reader.take() ?? [])).toEqual(Buffer.from([7, 8]));
});

function read(rooms: Rooms, message: Buffer): MessageReader {
  const reader = new MessageReader(-1, rooms);
  reader.add(messagePrefix(message.length));
  reader.add(message);
  return reader;
}

function memoryOf(reader: MessageReader): ArrayBufferLike[] {
  return piecesOf(reader.take() ?? []).map(({ buffer }) => buffer);
}

describe("memory that is used again", () => {
  test("is that of messages that were released, and no other's", () => {
    const rooms = new ReusedRooms(2 ** 23);
    const first = read(rooms, noise(3_000_000));
    const other = read(rooms, noise(600_000));
    const memory = new Set(memoryOf(first));
    first.release();
    first.release();
    const message = noise(2_990_000);
    const second = read(rooms, message);
    expect(memoryOf(second).every((buffer) => memory.has(buffer))).toBe(true);
    expect(joinedBuffer(second.take() ?? []).equals(message)).toBe(true);
    expect(joinedBuffer(other.take() ?? []).equals(noise(600_000))).toBe(true);
  });

  test("is kept up to a limit, and not for short messages", () => {
    const rooms = new ReusedRooms(2 ** 20);
    const long = read(rooms, noise(3_000_000));
    const memory = new Set(memoryOf(long));
    long.release();
    const again = read(rooms, noise(3_000_000));
    const kept = memoryOf(again).filter((buffer) => memory.has(buffer));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(2 ** 20);
    const short = read(rooms, noise(30_000));
    const [shortMemory] = memoryOf(short);
    short.release();
    expect(memoryOf(read(rooms, noise(30_000)))[0]).not.toBe(shortMemory);
  });

  test("is taken only as a message comes", () => {
    const reader = new MessageReader(-1, new ReusedRooms(2 ** 23));
    const before = process.memoryUsage().arrayBuffers;
    for (const piece of [messagePrefix(2 ** 31), noise(10)]) reader.add(piece);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
  });
});
