import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import { TURNS } from "../../../gateway/rest/body.ts";
import { parseHead } from "../../../http1/head.ts";
import { mutated, Random } from "../../fuzz/random.ts";
import { allOf } from "../setup/all-of.ts";
import { createLatch } from "../setup/latch.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

/*
 * The front reads plain requests itself and leaves the rest to node:http; nobody may be able to tell which of them has
 * answered. Each test says the same to both: an empty line before the first request is skipped by node:http (RFC 9112, 2.2),
 * and is nothing that the front takes.
 */

const MAX_BYTES = 100_000;
const PREDICT = "/v1/models/half:predict";
const HOST = "Host: x";
const BODY = '{"instances": [1.0, 2.5]}';

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({
    maxBytes: MAX_BYTES,
    cors: ["https://a.example"],
    monitoringPath: "/v1/models/metrics:predict",
  });
});
afterAll(() => rest[Symbol.asyncDispose]());

let serveWith: RestUnderTest["backend"]["serveWith"];
beforeAll(() => {
  ({ serveWith } = rest.backend);
});
beforeEach(() => {
  rest.backend.serveWith = serveWith;
});

interface Told {
  /** All that the server sent, but for the date. */
  readonly answers: string;
  /** The lines of the access log, but for what differs from request to request. */
  readonly access: readonly unknown[];
}

/** Once this is answered, what was sent before it has come, and what can be answered at once has been. */
async function settled(): Promise<void> {
  for (let i = 0; i < 2; i++) await rest.ask("GET", "/healthz");
}

/** Sends the pieces, each when the one before has had its effect; then nothing more. */
async function tell(pieces: readonly (string | Buffer)[], slowly = false): Promise<Told> {
  const from = rest.lines.length;
  const socket = rest.socket();
  socket.setNoDelay(true);
  const all = allOf(socket);
  await once(socket, "connect");
  for (const piece of pieces) {
    socket.write(bytesOf(piece));
    await settled();
  }
  // What is compressed is so by other threads.
  if (slowly) await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
  socket.end();
  const answers = (await all).replaceAll(/\r\nDate: [^\r]*/g, "\r\nDate: now");
  await settled();
  const access = rest.lines
    .slice(from)
    .map(({ protocol, method, request, model, version, signature, code, status, bytesIn, bytesOut, error, msg }) => {
      return { protocol, method, request, model, version, signature, code, status, bytesIn, bytesOut, error, msg };
    });
  return { answers, access: sorted(access) };
}

function bytesOf(piece: string | Buffer): Buffer {
  return typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
}

/** Of requests that come at once, node:http begins with all, the front with one after the other. */
function sorted(lines: readonly unknown[]): readonly unknown[] {
  return lines.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

async function tellBoth(
  pieces: readonly (string | Buffer)[],
  slowly?: boolean,
): Promise<readonly [front: Told, node: Told]> {
  const front = await tell(pieces, slowly);
  return [front, await tell(["\r\n", ...pieces], slowly)];
}

function post(body: string, lines: readonly string[] = [HOST, `Content-Length: ${body.length}`], first = ""): string {
  return [first === "" ? `POST ${PREDICT} HTTP/1.1` : first, ...lines, "", body].join("\r\n");
}

const LENGTH = `Content-Length: ${BODY.length}`;
const PLAIN = post(BODY);
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

test("the trick of these tests works: both answer, and the second one is node:http", async () => {
  const [front, node] = await tellBoth([PLAIN]);
  expect(front.answers).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json\r\n.*predictions/s);
  expect(node.answers).toBe(front.answers);
  let sockets = 0;
  rest.backend.serveWith = async (call, target) => {
    // Only what node:http has read knows such a name.
    if (call.header("constructor") !== undefined) sockets++;
    return await serveWith(call, target);
  };
  await tellBoth([PLAIN]);
  expect(sockets).toBe(1);
});

describe("by the front and by node:http the same is said to", () => {
  for (const [name, ...pieces] of [
    ["a request", PLAIN],
    [
      "one with headers that mean something",
      post(BODY, [HOST, LENGTH, "Accept-Encoding: gzip, br", "Origin: https://a.example", "Connection: Keep-Alive"]),
    ],
    ["one of another origin", post(BODY, [HOST, LENGTH, "Origin: https://b.example"])],
    ["a long answer", post(`{"instances": [${"1.5,".repeat(5_000)}1]}`)],
    ["classify", PLAIN.replace("predict", "classify").replace(BODY, '{"examples": [{"x": 1.0}]')],
    ["a version", PLAIN.replace("half:", "half/versions/1:")],
    ["a label", PLAIN.replace("half:", "half/labels/stable:")],
    ["a label that is none", PLAIN.replace("half:", "half/labels/none:")],
    ["a model that is none", PLAIN.replace("half", "none")],
    ["an encoded name", PLAIN.replace("half", "h%61lf")],
    ["a name that cannot be decoded", PLAIN.replace("half", "h%6lf")],
    ["a verb in capitals", PLAIN.replace("predict", "PREDICT")],
    ["a verb that is none", PLAIN.replace("predict", "guess")],
    ["a path outside of the API", PLAIN.replace("/v1/models", "/v2/models")],
    ["a path in capitals", PLAIN.replace("/v1/models", "/V1/MODELS")],
    ["a path with dots", PLAIN.replace("/v1/models", "/v1/x/../models")],
    ["a wrong body", post("{")],
    ["no body", post("")],
    ["a body with NUL", post('{"instances": [\0]}')],
    ["a path of metrics that looks like a model", PLAIN.replace("half", "metrics")],
    ["the longest body", post(`{"instances": [1]${" ".repeat(MAX_BYTES - 18)}}`)],
    ["a longer body", post(`{"instances": [1]${" ".repeat(MAX_BYTES - 17)}}`)],
    ["a body of another length than it says: less", post(BODY, [HOST, "Content-Length: 60"])],
    ["a body of another length than it says: more", post('{"ins', [HOST, "Content-Length: 5"]), BODY],
    ["two requests", PLAIN, PLAIN],
    ["a head, and its body later", PLAIN.slice(0, -BODY.length), BODY],
    ["a body in pieces", PLAIN.slice(0, -10), PLAIN.slice(-10, -4), PLAIN.slice(-4)],
    ["a request, and half of another", PLAIN, PLAIN.slice(0, 40)],
    ["a request, and one without its body", PLAIN, PLAIN.slice(0, -BODY.length)],
    ["one byte after the other", ...PLAIN.split("")],
    ["other methods between", PLAIN, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", PLAIN],
    ["plain requests and others at once", PLAIN + "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a chunked body behind a plain request", PLAIN, post(CHUNKED, [HOST, "Transfer-Encoding: chunked"]), PLAIN],
    ["a body that is to be called for", post("", [HOST, LENGTH, "Expect: 100-continue"]), BODY],
    ["an expectation that nobody meets", post(BODY, [HOST, LENGTH, "Expect: tea"])],
    ["Connection: close", post(BODY, [HOST, LENGTH, "Connection: close"])],
    ["Connection: close, and more", post(BODY, [HOST, LENGTH, "Connection: close"]), PLAIN],
    ["Connection: close in other letters", post(BODY, [HOST, LENGTH, "Connection: CLOSE"])],
    ["Proxy-Connection: close", post(BODY, [HOST, LENGTH, "Proxy-Connection: close"])],
    ["two Connections", post(BODY, [HOST, LENGTH, "Connection: keep-alive", "Connection: close"])],
    ["an upgrade", post(BODY, [HOST, LENGTH, "Connection: Upgrade", "Upgrade: h2c"])],
    ["HTTP/1.0", post(BODY, undefined, `POST ${PREDICT} HTTP/1.0`)],
    ["HTTP/1.0 that is kept", post(BODY, [LENGTH, "Connection: keep-alive"], `POST ${PREDICT} HTTP/1.0`)],
    ["HTTP/1.2", post(BODY, undefined, `POST ${PREDICT} HTTP/1.2`)],
    ["HTTP/3.1", post(BODY, undefined, `POST ${PREDICT} HTTP/3.1`)],
    ["http in lower case", post(BODY, undefined, `POST ${PREDICT} http/1.1`)],
    ["a method in lower case", post(BODY, undefined, `post ${PREDICT} HTTP/1.1`)],
    ["a method that is none", post(BODY, undefined, `POSTS ${PREDICT} HTTP/1.1`)],
    ["a target with scheme and host", post(BODY, undefined, `POST http://y${PREDICT} HTTP/1.1`)],
    ["a query", post(BODY, undefined, `POST ${PREDICT}?a=b HTTP/1.1`)],
    ["a fragment", post(BODY, undefined, `POST ${PREDICT}#a HTTP/1.1`)],
    ["odd characters in the path", post(BODY, undefined, `POST /v1/models/h{a}|l^f"\`:predict HTTP/1.1`)],
    ["other bytes in the path", post(BODY, undefined, "POST /v1/models/h\xe4lf:predict HTTP/1.1")],
    ["no Host", post(BODY, [LENGTH])],
    ["two Hosts", post(BODY, [HOST, HOST, LENGTH])],
    ["a length and chunks", post(CHUNKED, [HOST, LENGTH, "Transfer-Encoding: chunked"])],
    ["chunks and a length", post(CHUNKED, [HOST, "Transfer-Encoding: chunked", LENGTH])],
    ["chunks in other words", post(CHUNKED, [HOST, "Transfer-Encoding: xchunked"])],
    ["chunks twice", post(CHUNKED, [HOST, "Transfer-Encoding: chunked, chunked"])],
    ["chunks with a space before the colon", post(CHUNKED, [HOST, "Transfer-Encoding : chunked"])],
    ["chunks behind a folded line", post(CHUNKED, [HOST, "X: a", " Transfer-Encoding: chunked"])],
    ["two lengths that agree", post(BODY, [HOST, LENGTH, LENGTH])],
    ["two lengths that do not", post(BODY, [HOST, LENGTH, "Content-Length: 3"])],
    ...[
      "+25",
      "-25",
      " 25",
      "25 ",
      "025",
      "0x19",
      "25, 25",
      "2 5",
      "25.0",
      "2.5e1",
      "",
      "\t25",
      "25\t",
      "99999999999999999999",
      "25;",
    ].map((value) => [`the length "${value}"`, post(BODY, [HOST, `Content-Length:${value}`])] as const),
    ["a length with a space before the colon", post(BODY, [HOST, `Content-Length : ${BODY.length}`])],
    ["a length in a folded line", post(BODY, [HOST, "Content-Length:", ` ${BODY.length}`])],
    ["a line end without CR", PLAIN.replace("Host: x\r\n", "Host: x\n")],
    ["line ends without CR", PLAIN.replaceAll("\r\n", "\n")],
    ["line ends without LF", PLAIN.replaceAll("\r\n", "\r")],
    ["an empty line without CR", PLAIN.replace("\r\n\r\n", "\r\n\n")],
    ["CR twice", PLAIN.replace("Host: x\r\n", "Host: x\r\r\n")],
    ["a folded line", post(BODY, [HOST, LENGTH, "X: a", " b"])],
    ["a tab in a value", post(BODY, [HOST, LENGTH, "X:\ta\tb\t"])],
    ["a space behind a value", post(BODY, [HOST, LENGTH, "X: a  "])],
    ["NUL in a value", post(BODY, [HOST, LENGTH, "X: a\0b"])],
    ["NUL in a name", post(BODY, [HOST, LENGTH, "X\0: a"])],
    ["other bytes in a value", post(BODY, [HOST, LENGTH, "X: \xe4\xff"])],
    ["other bytes in a name", post(BODY, [HOST, LENGTH, "\xe4: a"])],
    ["a header without a name", post(BODY, [HOST, LENGTH, ": a"])],
    ["a header without a colon", post(BODY, [HOST, LENGTH, "X"])],
    ["a head of 10 kB", post(BODY, [HOST, LENGTH, `X: ${"a".repeat(10_000)}`])],
    ["a head of 20 kB", post(BODY, [HOST, LENGTH, `X: ${"a".repeat(20_000)}`])],
    ["2001 headers", post(BODY, [HOST, ...Array.from({ length: 2_000 }, () => "X:"), LENGTH])],
    ["spaces in the request line", post(BODY, undefined, `POST  ${PREDICT}  HTTP/1.1`)],
    ["a space behind the request line", post(BODY, undefined, `POST ${PREDICT} HTTP/1.1 `)],
    ["empty lines between requests", PLAIN, "\r\n\r\n", PLAIN],
    ["TLS", Buffer.from("16030100c4010000c00303", "hex")],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["nothing", ""],
  ] as const) {
    test(name, async () => {
      const [front, node] = await tellBoth(pieces);
      expect(front).toEqual(node);
    });
  }
});

test("so it is where bodies are compressed", async () => {
  const body = gzipSync(BODY);
  const head = post("", [HOST, `Content-Length: ${body.length}`, "Content-Encoding: gzip"]);
  const question = await tellBoth([Buffer.concat([Buffer.from(head), body])], true);
  const long = `{"instances": [${"1.5,".repeat(5_000)}1]}`;
  const lines = [HOST, `Content-Length: ${long.length}`, "accept-encoding: br;q=0.5, gzip"];
  const answer = await tellBoth([post(long, lines)], true);
  for (const [front, node] of [question, answer]) expect(front).toEqual(node);
  expect(answer[0].answers).toMatch(/content-encoding: gzip/);
  expect(question[0].answers).toMatch(/predictions/);
});

test("whatever the backend says, the front passes on as node:http does", async () => {
  for (const error of [
    new InferenceError("UNAVAILABLE", "later", { retryAfterMs: 2_500 }),
    new InferenceError("CANCELLED", "no more"),
    new InferenceError("INTERNAL", "模型".repeat(2_000)),
    new TypeError("secret"),
  ]) {
    rest.backend.serveWith = () => Promise.reject(error);
    const [front, node] = await tellBoth([PLAIN]);
    expect(front).toEqual(node);
    expect(front.answers).toMatch(/^HTTP\/1\.1 [45]/);
  }
});

test("what the front reads counts among the bodies in flight, and is refused where there is no room", async () => {
  await using small = await startRest({ maxBytes: 1_000_000, maxBytesInFlight: 250_000 });
  const latch = createLatch();
  const { serveWith } = small.backend;
  small.backend.serveWith = async (call, target) => {
    await latch.opened;
    return await serveWith(call, target);
  };
  const body = `{"instances": [1]${" ".repeat(150_000)}}`;
  const first = small.ask("POST", PREDICT, { body });
  await expect.poll(() => small.backend.calls.length).toBe(1);
  expect(await small.ask("POST", PREDICT, { body })).toMatchObject({ status: 503 });
  latch.open();
  expect(await first).toMatchObject({ status: 200 });
  expect(await small.ask("POST", PREDICT, { body })).toMatchObject({ status: 200 });
});

test("long bodies that the front reads come in by turns with others", async () => {
  const received = vi.spyOn(TURNS, "received");
  await using large = await startRest({ maxBytes: 4_000_000 });
  const body = `{"instances": [1]${" ".repeat(3_000_000)}}`;
  expect(await large.ask("POST", PREDICT, { body })).toMatchObject({ status: 200 });
  const bytes = received.mock.calls.reduce((sum, [more]) => sum + more, 0);
  expect(bytes).toBeGreaterThan(2_500_000);
  received.mockRestore();
});

test("a half-closed client's call is given up as node:http does, without an answer", async () => {
  rest.backend.serveWith = (call) =>
    new Promise((_, reject) => {
      call.signal.addEventListener("abort", () => reject(new InferenceError("CANCELLED", "the client gave up")));
    });
  const [front, node] = await tellBoth([PLAIN]);
  expect(front).toEqual(node);
  expect(front.answers).toBe("");
  expect(front.access).toMatchObject([{ code: "CANCELLED", status: 499, bytesOut: 0 }]);
});

/** Behind the first request: what is broken there overtakes its answer in node:http, and the front's does not. */
function cut(bytes: Buffer): Buffer[] {
  const head = parseHead(bytes.toString("latin1"));
  if (typeof head !== "object") return [bytes];
  const end = head.text.length + head.contentLength;
  return end < bytes.length ? [bytes.subarray(0, end), bytes.subarray(end)] : [bytes];
}

/**
 * The reason why something is no HTTP depends on how it comes: node:http looks at each byte of a header, the front at whole
 * lines, and for an unknown method the packet's first line counts.
 */
function withoutReason({ answers, access }: Told): Told {
  const reason =
    /(?:400 Bad Request|501 Not Implemented)\r\nContent-Type: application\/json[^"]*"error": "Bad HTTP[^"]*/g;
  return { answers: answers.replaceAll(reason, "Bad HTTP"), access };
}

test("requests that differ from a plain one by a few bytes are read as node:http reads them", async () => {
  const random = new Random(2026);
  const lines = [HOST, LENGTH, "Connection: keep-alive", "X-Tenant: a b", "Accept: */*"];
  const samples = [
    PLAIN,
    post(BODY, lines),
    post(CHUNKED, [HOST, "Transfer-Encoding: chunked"]),
    post(BODY, [HOST, LENGTH, "Expect: 100-continue"]),
  ].map((text) => Buffer.from(text));
  let answered = 0;
  for (let i = 0; i < 500; i++) {
    const bytes = mutated(random, random.pick(samples), samples, 2);
    const [first = bytes, ...others] = cut(bytes);
    const front = withoutReason(await tell([first, ...others]));
    // As one piece, since node:http goes two ways for what it reads itself and for what is given to it.
    const node = withoutReason(await tell([Buffer.concat([Buffer.from("\r\n"), first]), ...others]));
    expect([bytes.toString("latin1"), front]).toEqual([bytes.toString("latin1"), node]);
    if (front.answers.startsWith("HTTP/1.1 200")) answered++;
  }
  expect(answered).toBeGreaterThan(20);
});
