import { expect, test } from "vitest";
import { Frame, HEAD_BYTES } from "../../http2/frame.ts";
import type { Outbox } from "../../http2/outbox.ts";
import { SendQueue } from "../../http2/send-queue.ts";
import { NOBODY } from "../../http2/stream.ts";
import { Streams } from "../../http2/streams.ts";

const MIB = 2 ** 20;

/** A queue to a socket that takes what it has only when told to, and what has been written to it. */
function startQueue() {
  const outbox = { backlogBytes: 0, push };
  const written: Buffer[] = [];
  function push(chunk: Buffer): void {
    written.push(chunk);
    outbox.backlogBytes += chunk.length;
  }
  const queue = new SendQueue(outbox as unknown as Outbox, () => {});
  queue.maxFrameBytes = MIB;
  queue.widenAll(2 ** 30);
  const streams = new Streams("client", 2 ** 30);
  return {
    queue,
    open: () => streams.open(NOBODY),
    drain: () => {
      outbox.backlogBytes = 0;
      queue.resume();
    },
    written,
  };
}

/** Payloads by stream, of frames that may be cut into chunks anywhere. */
function payloads(chunks: readonly Buffer[]): Map<number, Buffer> {
  const bytes = Buffer.concat(chunks);
  const found = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const [length, type, id] = [bytes.readUIntBE(at, 3), bytes[at + 3], bytes.readUInt32BE(at + 5)];
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (type === Frame.DATA) found.set(id, Buffer.concat([found.get(id) ?? Buffer.alloc(0), payload]));
    at += HEAD_BYTES + length;
  }
  return found;
}

test("streams that wait for the socket take turns of a megabyte", () => {
  const { queue, open, drain, written } = startQueue();
  const [long, other, short] = [open(), open(), open()];
  const body = Buffer.alloc(4 * MIB);
  queue.data(long, [body], true, undefined);
  queue.data(other, [body], true, undefined);
  queue.data(short, [body.subarray(0, 100_000)], true, undefined);
  const sent = (): number[] => [long, other, short].map(({ id }) => payloads(written).get(id)?.length ?? 0);
  expect(sent()).toEqual([MIB, 0, 0]);
  drain();
  expect(sent()).toEqual([2 * MIB, 0, 0]);
  drain();
  expect(sent()).toEqual([2 * MIB, MIB, 0]);
  drain();
  expect(sent()).toEqual([3 * MIB, MIB, 100_000]);
  for (let i = 0; i < 8; i++) drain();
  expect(sent()).toEqual([4 * MIB, 4 * MIB, 100_000]);
});

for (const { name, sizes } of [
  { name: "short and long parts", sizes: [5, 30, 200_000, 10, 0, 5000, 1, 4095, 4096, 300_000, 7] },
  { name: "a hundred thousand short ones", sizes: Array.from({ length: 100_000 }, () => 3) },
  { name: "one short part", sizes: [3] },
]) {
  test(`${name} leave in their order, the short ones joined`, () => {
    const { queue, open, drain, written } = startQueue();
    const stream = open();
    const parts = sizes.map((size, i) => Buffer.alloc(size, i + 1));
    queue.data(stream, parts, true, undefined);
    drain();
    expect(payloads(written).get(stream.id)?.equals(Buffer.concat(parts))).toBe(true);
    expect(written.length).toBeLessThan(20);
  });
}
