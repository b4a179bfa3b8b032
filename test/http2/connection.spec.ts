import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import { encodeFields } from "../../http2/header-encoder.ts";
import { frameOf, RawClient, type Seen, startConnections } from "./raw-client.ts";

const OK = encodeFields([":status", "200"]);
const GET = [...encodeFields([":method", "GET", ":scheme", "http", ":path", "/"])];

function noise(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 31) ^ (i >>> 8)));
}

/** Sends back what has come, with trailers. */
function echo({ connection, stream, parts }: Seen): void {
  connection.sendHeaders(stream, OK, false);
  connection.sendData(stream, parts, false, encodeFields(["x-end", "here"]));
}

async function ask(session: ClientHttp2Session, body: Buffer): Promise<{ body: Buffer; end: unknown }> {
  const request = session.request({ ":method": "POST", ":path": "/" });
  let end: unknown;
  request.on("trailers", (trailers) => void (end = trailers["x-end"]));
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.end(body);
  await once(request, "close");
  return { body: Buffer.concat(parts), end };
}

describe("bodies pass both ways, whole,", () => {
  for (const { name, settings } of [
    { name: "with the usual windows", settings: {} },
    { name: "through a window of 1,000 bytes", settings: { initialWindowSize: 1_000 } },
    { name: "in the longest frames", settings: { maxFrameSize: 2 ** 24 - 1, initialWindowSize: 2 ** 30 } },
    { name: "to a client without a header table", settings: { headerTableSize: 0 } },
  ]) {
    test(name, async () => {
      using server = await startConnections(echo);
      const session = connect(`http://127.0.0.1:${server.port}`, { settings });
      const bodies = [0, 1, 16_384, 16_385, 65_536, 700_001].map(noise);
      const answers = await Promise.all(bodies.map((body) => ask(session, body)));
      for (const [i, { body, end }] of answers.entries()) {
        expect(Buffer.compare(body, bodies[i] as Buffer)).toBe(0);
        expect(end).toBe("here");
      }
      session.close();
    });
  }
});

test("a small answer doesn't wait for a large one before it", async () => {
  using server = await startConnections((seen) => {
    const large = seen.parts.length === 0;
    seen.connection.sendHeaders(seen.stream, OK, false);
    seen.connection.sendData(seen.stream, [large ? noise(20_000_000) : noise(10)], true);
  });
  const session = connect(`http://127.0.0.1:${server.port}`);
  const ended: string[] = [];
  const [large, small] = [
    ask(session, Buffer.alloc(0)).then(({ body }) => ended.push(`large ${body.length}`)),
    ask(session, noise(1)).then(({ body }) => ended.push(`small ${body.length}`)),
  ];
  await Promise.all([large, small]);
  expect(ended).toEqual(["small 10", "large 20000000"]);
  session.close();
});

test("a window that is made smaller while an answer is under way holds it", async () => {
  using server = await startConnections(({ connection, stream }) => {
    connection.sendHeaders(stream, OK, false);
    connection.sendData(stream, [noise(100_000)], true);
  });
  using client = new RawClient(server.port).greet();
  client.frame(1, 0x5, 1, GET);
  const sent = (): number =>
    client.frames.filter(({ type }) => type === 0).reduce((sum, { payload }) => sum + payload.length, 0);
  await expect.poll(sent).toBe(65_535);
  // To 0: the stream is 65,535 below it, and may send again once it is above.
  client.frame(4, 0, 0, [0, 4, 0, 0, 0, 0]).frame(8, 0, 0, [0, 1, 0, 0]).frame(8, 0, 1, [0, 0, 255, 255]);
  client.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
  await expect.poll(() => client.frames.some(({ type, flags }) => type === 6 && flags === 1)).toBe(true);
  expect(sent()).toBe(65_535);
  client.frame(8, 0, 1, [0, 0, 0, 100]);
  await expect.poll(sent).toBe(65_635);
  client.frame(8, 0, 1, [0, 1, 0, 0]);
  await expect.poll(sent).toBe(100_000);
});

test("frames may come byte by byte, padded, with a priority, and headers in parts", async () => {
  using server = await startConnections(echo);
  using client = new RawClient(server.port);
  const bytes = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frameOf(4, 0, 0),
    frameOf(0x99, 0xff, 7, [1, 2, 3]),
    frameOf(2, 0, 3, [0, 0, 0, 0, 1]),
    frameOf(1, 0x28, 1, [2, 0, 0, 0, 0, 9, ...GET.slice(0, 3), 0, 0]),
    frameOf(9, 0, 1, []),
    frameOf(9, 4, 1, GET.slice(3)),
    frameOf(0, 8, 1, [3, 104, 105, 0, 0, 0]),
    frameOf(0, 0, 1, [33]),
    frameOf(1, 5, 1, [...encodeFields(["x-more", "yes"])]),
  ]);
  for (const byte of bytes) client.write(Uint8Array.of(byte));
  await expect.poll(() => client.frames.some(({ type, flags }) => type === 1 && flags === 5)).toBe(true);
  expect(server.seen[0]).toMatchObject({ fields: [":method", "GET", ":scheme", "http", ":path", "/"], ended: true });
  expect(server.seen[0]?.trailers).toEqual(["x-more", "yes"]);
  expect(Buffer.concat(client.frames.filter(({ type }) => type === 0).map(({ payload }) => payload)).toString()).toBe(
    "hi!",
  );
});

const { NGHTTP2_PROTOCOL_ERROR: PROTOCOL, NGHTTP2_FRAME_SIZE_ERROR: SIZE } = constants;

describe("the connection is ended by", () => {
  const open = frameOf(1, 4, 1, GET);
  for (const { name, bytes, code, maxFrameBytes = 16_384 } of [
    { name: "a frame that is too long", bytes: [frameOf(0, 0, 1, Buffer.alloc(16_385))], code: SIZE },
    { name: "DATA of no stream", bytes: [frameOf(0, 0, 0, [1])], code: PROTOCOL },
    { name: "DATA of a stream that has not begun", bytes: [frameOf(0, 0, 5, [1])], code: PROTOCOL },
    { name: "DATA behind the end", bytes: [frameOf(1, 4, 1, GET), frameOf(0, 1, 1), frameOf(0, 1, 1)], code: 5 },
    { name: "padding beyond the frame", bytes: [open, frameOf(0, 8, 1, [9, 1])], code: PROTOCOL },
    { name: "a stream with an even number", bytes: [frameOf(1, 5, 2, GET)], code: PROTOCOL },
    { name: "a frame within a header block", bytes: [frameOf(1, 0, 1, GET), frameOf(6, 0, 0, GET)], code: PROTOCOL },
    { name: "DATA within a header block", bytes: [frameOf(1, 0, 1, GET), frameOf(0, 0, 1, [1])], code: PROTOCOL },
    { name: "a continuation of nothing", bytes: [frameOf(9, 4, 1, GET)], code: PROTOCOL },
    {
      name: "endless continuations",
      bytes: [frameOf(1, 0, 1, GET), ...Array.from({ length: 40 }, () => frameOf(9, 0, 1))],
      code: constants.NGHTTP2_ENHANCE_YOUR_CALM,
    },
    { name: "a broken header block", bytes: [frameOf(1, 4, 1, [0xff])], code: constants.NGHTTP2_COMPRESSION_ERROR },
    { name: "a pushed stream", bytes: [frameOf(5, 4, 1, [0, 0, 0, 2, ...GET])], code: PROTOCOL },
    { name: "SETTINGS of a broken length", bytes: [frameOf(4, 0, 0, [0])], code: SIZE },
    { name: "SETTINGS of a stream", bytes: [frameOf(4, 0, 1)], code: PROTOCOL },
    { name: "a frame size below the least", bytes: [frameOf(4, 0, 0, [0, 5, 0, 0, 0, 1])], code: PROTOCOL },
    { name: "a window beyond the widest", bytes: [frameOf(4, 0, 0, [0, 4, 255, 255, 255, 255])], code: 3 },
    { name: "a PING of a broken length", bytes: [frameOf(6, 0, 0, [1])], code: SIZE },
    { name: "a window that grows by nothing", bytes: [frameOf(8, 0, 0, [0, 0, 0, 0])], code: PROTOCOL },
    { name: "a window that grows too wide", bytes: [frameOf(8, 0, 0, [127, 255, 255, 255])], code: 3 },
    { name: "a reset of no stream", bytes: [frameOf(3, 0, 9, [0, 0, 0, 8])], code: PROTOCOL },
    {
      name: "more DATA than the window is wide",
      bytes: [open, frameOf(0, 0, 1, Buffer.alloc(30_000))],
      code: constants.NGHTTP2_FLOW_CONTROL_ERROR,
      maxFrameBytes: 40_000,
    },
  ]) {
    test(name, async () => {
      using server = await startConnections(() => {}, { windowBytes: 20_000, maxFrameBytes });
      using client = new RawClient(server.port).greet();
      for (const frame of bytes) client.write(frame);
      await client.closed;
      expect(client.goaway).toBe(code);
    });
  }

  test("anything but HTTP/2", async () => {
    using server = await startConnections(() => {});
    using client = new RawClient(server.port).write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.closed;
    expect(client.goaway).toBe(PROTOCOL);
  });

  test("a client that does nothing but open and reset streams", async () => {
    using server = await startConnections(() => {});
    using client = new RawClient(server.port).greet();
    for (let i = 0; i < 1_200; i++) client.frame(1, 5, 2 * i + 1, GET).frame(3, 0, 2 * i + 1, [0, 0, 0, 8]);
    await client.closed;
    expect(client.goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(server.seen.length).toBeLessThan(1_100);
  });
});

test("a stream too many, or with too many fields, is refused alone", async () => {
  using server = await startConnections(() => {}, { maxStreams: 1 });
  using client = new RawClient(server.port).greet();
  client.frame(1, 5, 1, GET).frame(1, 5, 3, GET).frame(3, 0, 1, [0, 0, 0, 8]);
  client.frame(1, 5, 5, Buffer.alloc(200, 0x82)).frame(1, 5, 7, GET);
  await expect.poll(() => server.seen.length).toBe(2);
  const resets = (): unknown =>
    client.frames.filter(({ type }) => type === 3).map(({ stream, payload }) => [stream, payload[3]]);
  await expect.poll(resets).toEqual([
    [3, constants.NGHTTP2_REFUSED_STREAM],
    [5, constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ]);
});

test("draining takes no new streams, lets those that are open end, and tells the client", async () => {
  using server = await startConnections(() => {});
  const session = connect(`http://127.0.0.1:${server.port}`);
  const answer = ask(session, noise(10));
  await vi.waitFor(() => expect(server.seen[0]?.ended).toBe(true));
  const [connection] = server.connections;
  connection?.drain();
  await once(session, "goaway");
  expect(connection?.closed).toBe(false);
  echo(server.seen[0] as Seen);
  expect((await answer).body).toEqual(noise(10));
  await vi.waitFor(() => expect(connection?.closed).toBe(true));
});

test("streams are told when their connection is lost", async () => {
  using server = await startConnections(() => {});
  const client = new RawClient(server.port).greet().frame(1, 5, 1, GET);
  await expect.poll(() => server.seen.length).toBe(1);
  client[Symbol.dispose]();
  await expect.poll(() => server.seen[0]?.reset).toBeNull();
});
