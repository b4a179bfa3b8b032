import { once } from "node:events";
import { connect, constants } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import { Http2Error } from "../../http2/error.ts";
import { FloodGuard } from "../../http2/flood-guard.ts";
import { type FrameListener, FrameReader } from "../../http2/frame-reader.ts";
import { HeaderDecoder } from "../../http2/header-decoder.ts";
import { encodeFields } from "../../http2/header-encoder.ts";
import { frameOf, RawClient, startConnections } from "./raw-client.ts";

const OK = encodeFields([":status", "200"]);
const GET = [...encodeFields([":method", "GET", ":scheme", "http", ":path", "/"])];
const CALM = constants.NGHTTP2_ENHANCE_YOUR_CALM;
const PING = frameOf(6, 0, 0, Buffer.alloc(8));
const NO_WINDOW = [0, 4, 0, 0, 0, 0];

describe("a client is told to calm down that sends nothing but", () => {
  for (const { name, frame, first = [] } of [
    { name: "pings", frame: PING },
    { name: "settings", frame: frameOf(4, 0, 0) },
    { name: "acknowledged settings", frame: frameOf(4, 1, 0) },
    { name: "priorities", frame: frameOf(2, 0, 1, [0, 0, 0, 0, 1]) },
    { name: "unknown frames", frame: frameOf(0x77, 0, 0) },
    { name: "windows", frame: frameOf(8, 0, 0, [0, 0, 0, 1]) },
    { name: "empty DATA", frame: frameOf(0, 0, 1), first: [frameOf(1, 4, 1, GET)] },
    { name: "empty DATA with padding", frame: frameOf(0, 8, 1, [0]), first: [frameOf(1, 4, 1, GET)] },
    {
      name: "headers of a stream that is over",
      frame: frameOf(1, 4, 1, GET),
      first: [frameOf(1, 4, 1, GET), frameOf(3, 0, 1, [0, 0, 0, 8])],
    },
  ]) {
    test(name, async () => {
      using server = await startConnections(() => {});
      using client = new RawClient(server.port).greet();
      for (const one of first) client.write(one);
      client.write(Buffer.concat(Array(4_000).fill(frame)));
      await client.closed;
      expect(client.goaway).toBe(CALM);
    });
  }

  test("mistakes for which its streams are reset", async () => {
    using server = await startConnections(() => {});
    using client = new RawClient(server.port).greet();
    for (let i = 0; i < 1_200; i++) client.frame(1, 5, 2 * i + 1, GET).frame(8, 0, 2 * i + 1, [0, 0, 0, 0]);
    await client.closed;
    expect(client.goaway).toBe(CALM);
    expect(server.seen.length).toBeLessThan(1_100);
  });

  test("fields that nobody would send", async () => {
    using server = await startConnections(() => {});
    using client = new RawClient(server.port).greet();
    for (let i = 0; i < 1_200; i++) client.frame(1, 5, 2 * i + 1, Buffer.alloc(200, 0x82));
    await client.closed;
    expect(client.goaway).toBe(CALM);
  });
});

test("a client may ping and open windows as often as its calls give it reason to", async () => {
  using server = await startConnections(({ connection, stream }) => connection.sendHeaders(stream, OK, true));
  using client = new RawClient(server.port).greet();
  for (let i = 0; i < 1_000; i++) {
    client.frame(1, 5, 2 * i + 1, GET);
    for (let n = 0; n < 8; n++) client.write(PING);
  }
  await expect.poll(() => client.frames.filter(({ type }) => type === 6).length).toBe(8_000);
  expect(client.goaway).toBeUndefined();
});

test("a client may open the window for every KB of an answer", async () => {
  const answer = Buffer.alloc(16_000_000);
  using server = await startConnections(({ connection, stream }) => {
    connection.sendHeaders(stream, OK, false);
    connection.sendData(stream, [answer], true);
  });
  using client = new RawClient(server.port).greet();
  // The longest frames, so that their number earns little.
  client.frame(4, 0, 0, [0, 4, 1, 0, 0, 0, 0, 5, 0, 255, 255, 255]).frame(1, 5, 1, GET);
  let bytes = 0;
  for (let turn = 0; turn < 250; turn++) {
    const wanted = Math.min(answer.length, 65_535 + turn * 64_000);
    await vi.waitFor(
      () => {
        bytes = client.frames.filter(({ type }) => type === 0).reduce((sum, { payload }) => sum + payload.length, 0);
        expect(bytes).toBeGreaterThanOrEqual(wanted);
      },
      { interval: 1 },
    );
    client.write(Buffer.concat(Array(64).fill(frameOf(8, 0, 0, [0, 0, 3, 232]))));
  }
  expect(client.goaway).toBeUndefined();
}, 20_000);

test("resets come back with time", () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(1e6);
  const guard = new FloodGuard();
  for (let i = 0; i < 1_000; i++) guard.reset();
  expect(() => guard.reset()).toThrow(Http2Error);
  now.mockReturnValue(1e6 + 1_000);
  for (let i = 0; i < 33; i++) guard.reset();
  expect(() => guard.reset()).toThrow(Http2Error);
  now.mockRestore();
});

test("pings of a client that doesn't read are not answered without end", async () => {
  using server = await startConnections(({ connection, stream }) => connection.sendHeaders(stream, OK, true));
  using client = new RawClient(server.port).greet();
  // As many as each call earns.
  const block = Buffer.concat(Array(16).fill(PING));
  client.pause();
  let written = 0;
  for (let i = 0; i < 100_000 && client.waitingBytes < 2 ** 21; i++) {
    client.write(Buffer.concat([frameOf(1, 5, 2 * i + 1, GET), block]));
    written++;
    if (i % 100 === 0) await new Promise(setImmediate);
  }
  expect(written).toBeLessThan(100_000);
  expect(client.goaway).toBeUndefined();
  expect(server.connections[0]?.closed).toBe(false);
});

describe("the connection is ended by", () => {
  for (const { name, bytes, code } of [
    {
      name: "a setting too many",
      bytes: frameOf(4, 0, 0, Array.from({ length: 33 }, () => NO_WINDOW).flat()),
      code: CALM,
    },
    { name: "pushing that is neither on nor off", bytes: frameOf(4, 0, 0, [0, 2, 0, 0, 0, 2]), code: 1 },
    { name: "a priority of no stream", bytes: frameOf(2, 0, 0, [0, 0, 0, 0, 1]), code: 1 },
    { name: "a priority of a broken length", bytes: frameOf(2, 0, 1, [0]), code: 6 },
    { name: "a window of a stream that has not begun", bytes: frameOf(8, 0, 1, [0, 0, 0, 1]), code: 1 },
    { name: "headers of no stream", bytes: frameOf(1, 5, 0, GET), code: 1 },
    { name: "headers padded beyond their frame", bytes: frameOf(1, 0xd, 1, [9, ...GET.slice(0, 3)]), code: 1 },
    {
      name: "a window of all streams that one can't have",
      bytes: Buffer.concat([
        frameOf(1, 4, 1, GET),
        frameOf(8, 0, 1, [0x7f, 0, 0, 0]),
        frameOf(4, 0, 0, [0, 4, 0x7f, 255, 255, 255]),
      ]),
      code: 3,
    },
  ]) {
    test(name, async () => {
      using server = await startConnections(() => {});
      using client = new RawClient(server.port).greet().write(bytes);
      await client.closed;
      expect(client.goaway).toBe(code);
    });
  }

  test("any frame before the first SETTINGS", async () => {
    using server = await startConnections(() => {});
    using client = new RawClient(server.port).write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").frame(1, 5, 1, GET);
    await client.closed;
    expect(client.goaway).toBe(1);
    expect(server.seen).toEqual([]);
  });
});

describe("a stream alone is ended by", () => {
  for (const { name, bytes, code } of [
    { name: "a window that grows by nothing", bytes: frameOf(8, 0, 1, [0, 0, 0, 0]), code: 1 },
    { name: "a window that grows too wide", bytes: frameOf(8, 0, 1, [0x7f, 255, 255, 255]), code: 3 },
    { name: "trailers that don't end it", bytes: frameOf(1, 4, 1, GET), code: 1 },
  ]) {
    test(name, async () => {
      using server = await startConnections(() => {});
      using client = new RawClient(server.port).greet().frame(1, 4, 1, GET).write(bytes).frame(1, 5, 3, GET);
      await expect.poll(() => server.seen.length).toBe(2);
      const resets = client.frames.filter(({ type }) => type === 3).map(({ stream, payload }) => [stream, payload[3]]);
      expect(resets).toEqual([[1, code]]);
      expect(server.seen[0]?.reset).toBe(code);
    });
  }
});

test("small references to a large field are no list of any length", () => {
  const decoder = new HeaderDecoder();
  const large = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 0x62)]);
  expect(decoder.decode(large)).toEqual(["a", "b".repeat(4_000)]);
  expect(decoder.decode(Buffer.alloc(16, 0xbe))?.length).toBe(32);
  expect(decoder.decode(Buffer.alloc(17, 0xbe))).toBeUndefined();
});

test("a client that takes no answer gets no new streams", async () => {
  using server = await startConnections(({ connection, stream }) => {
    connection.sendHeaders(stream, OK, false);
    connection.sendData(stream, [Buffer.alloc(30_000_000)], true);
  });
  using client = new RawClient(server.port).greet().frame(4, 0, 0, NO_WINDOW);
  for (const id of [1, 3, 5, 7]) client.frame(1, 5, id, GET);
  await expect.poll(() => client.frames.filter(({ type }) => type === 3).length).toBe(1);
  expect(client.frames.find(({ type }) => type === 3)).toMatchObject({ stream: 7 });
  client.frame(3, 0, 1, [0, 0, 0, 8]).frame(1, 5, 9, GET);
  await expect.poll(() => server.seen.length).toBe(4);
});

describe("with time", () => {
  test("a client goes that says nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      using server = await startConnections(() => {});
      using silent = new RawClient(server.port);
      using half = new RawClient(server.port).write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      using greeted = new RawClient(server.port).greet();
      const acknowledged = (): boolean => greeted.frames.some(({ type, flags }) => type === 4 && flags === 1);
      while (server.connections.length < 3 || !acknowledged()) await new Promise(setImmediate);
      vi.advanceTimersByTime(10_000);
      await Promise.all([silent.closed, half.closed]);
      expect([silent.goaway, half.goaway, greeted.goaway]).toEqual([1, 1, undefined]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a client goes that takes nothing of its answer, however it pings", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      using server = await startConnections(({ connection, stream }) => {
        connection.sendHeaders(stream, OK, false);
        connection.sendData(stream, [Buffer.alloc(1_000)], true);
      });
      using client = new RawClient(server.port).greet().frame(4, 0, 0, NO_WINDOW).frame(1, 5, 1, GET);
      const come = async (type: number, count: number): Promise<void> => {
        while (client.frames.filter((one) => one.type === type).length < count) await new Promise(setImmediate);
      };
      await come(1, 1);
      vi.advanceTimersByTime(290_000);
      // A little taken is time won.
      client.frame(8, 0, 1, [0, 0, 0, 1]);
      await come(0, 1);
      vi.advanceTimersByTime(290_000);
      client.write(PING);
      await come(6, 1);
      expect(server.connections[0]?.closed).toBe(false);
      vi.advanceTimersByTime(20_000);
      await client.closed;
      expect(client.goaway).toBe(CALM);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a frame in many pieces is copied no more often than one in a few", () => {
  const got: number[] = [];
  const listener: FrameListener = {
    onFrame: (_type, _flags, _stream, payload) => got.push(payload.length),
    onDataStart() {},
    onData() {},
    onDataEnd() {},
  };
  const reader = new FrameReader(listener, 2 ** 20);
  const bytes = frameOf(1, 4, 1, Buffer.alloc(2 ** 20));
  const concat = vi.spyOn(Buffer, "concat");
  for (let at = 0; at < bytes.length; at += 100) reader.read(bytes.subarray(at, at + 100));
  expect(got).toEqual([2 ** 20]);
  expect(concat.mock.calls.length).toBeLessThan(4);
  concat.mockRestore();
});

test("what a client of Node's does is no flood", { timeout: 20_000 }, async () => {
  using server = await startConnections(({ connection, stream, parts }) => {
    connection.sendHeaders(stream, OK, false);
    connection.sendData(stream, parts, true);
  });
  const session = connect(`http://127.0.0.1:${server.port}`);
  for (let i = 0; i < 6; i++) {
    const body = Buffer.alloc(10_000_000);
    const request = session.request({ ":method": "POST", ":path": "/" });
    let bytes = 0;
    request.on("data", (part: Buffer) => void (bytes += part.length));
    request.end(body);
    await once(request, "close");
    expect(bytes).toBe(body.length);
  }
  session.close();
});
