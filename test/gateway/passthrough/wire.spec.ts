import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { exchange } from "../../setup/http.ts";
import { named, startUpstream } from "../../setup/upstream.ts";
import { allOf } from "../setup/all-of.ts";
import { type PassingUnderTest, startPassingRest } from "../setup/passing.ts";
import { startRawUpstream } from "../setup/raw-upstream.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** The whole answer to a request as it stands here, over a connection that ends with it. */
async function told(rest: PassingUnderTest, line: string, headers: readonly string[] = [], body = ""): Promise<string> {
  const socket = rest.socket();
  const all = allOf(socket);
  const isClosed = headers.some((header) => header.startsWith("Connection:"));
  const head = [`${line} HTTP/1.1`, "Host: x", ...(isClosed ? [] : ["Connection: close"]), ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  return await all;
}

/** A request that reads as a body's content does no harm. */
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

describe("where a body ends is told to the upstream,", () => {
  for (const method of ["GET", "DELETE", "OPTIONS", "POST"]) {
    test(`${method}: whatever the client's Connection takes away`, async () => {
      await using upstream = await startRawUpstream(OK, HIDDEN.length);
      await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
      const headers = ["Connection: close, Content-Length", `Content-Length: ${HIDDEN.length}`];
      expect(await told(rest, `${method} /a`, headers, HIDDEN)).toMatch(/ok$/);
      const [head = "", body] = upstream.received().split(/\r\n\r\n([^]*)/);
      expect(head.toLowerCase().split("\r\n")).toContain(`content-length: ${HIDDEN.length}`);
      expect(body).toBe(HIDDEN);
    });
  }

  test("in chunks if the client's came so", async () => {
    await using upstream = await startRawUpstream(OK, 5);
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
    const headers = ["Connection: close, Transfer-Encoding", "Transfer-Encoding: chunked"];
    expect(await told(rest, "DELETE /a", headers, "5\r\nhello\r\n0\r\nx-trailer: 1\r\n\r\n")).toMatch(/ok$/);
    expect(upstream.received()).toMatch(/transfer-encoding: chunked\r\n[^]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
    expect(upstream.received()).not.toContain("x-trailer");
  });

  test("and a body in another transfer coding is not passed on", async () => {
    await using upstream = await startUpstream(named("never"));
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
    const answer = await told(rest, "POST /a", ["Transfer-Encoding: gzip, chunked"], "5\r\nhello\r\n0\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 501 [^]*the transfer coding gzip, chunked is not passed on/);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe("the upstream is asked for", () => {
  for (const [asked, want] of [
    ["/a/b%2Fc%20d%C3%A9/%252e%252e/x", "/b%2Fc%20d%C3%A9/%252e%252e/x"],
    ["/a/b\\c|\"<>{}^`'[]@:;,=&$!*()~", "/b\\c|\"<>{}^`'[]@:;,=&$!*()~"],
    ["/a/./b//c", "/./b//c"],
    ["/a//b", "/b"],
    ["/a?x=%2F..%2F&y=a+b&&z=|^?", "/?x=%2F..%2F&y=a+b&&z=|^?"],
    ["http://other/a/b?x=1", "/b?x=1"],
    ["/a/b?", "/b?"],
  ] as const) {
    test(`${want} as the client asks for ${asked}`, async () => {
      await using upstream = await startRawUpstream(OK);
      await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
      expect(await told(rest, `GET ${asked}`)).toMatch(/ok$/);
      expect(upstream.received().split("\r\n")[0]).toBe(`GET ${want} HTTP/1.1`);
    });
  }
});

test("a WebSocket is refused, and other protocols that a client offers are passed over", async () => {
  await using upstream = await startUpstream(named("plain"));
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  const offer = (protocol: string): Promise<string> =>
    told(rest, "GET /a", ["Connection: Upgrade, close", `Upgrade: ${protocol}`, "HTTP2-Settings: AAMAAABk"]);
  expect(await offer("WebSocket")).toMatch(/^HTTP\/1\.1 501 [^]*\/a: WebSocket connections are not passed on/);
  expect(upstream.requests).toHaveLength(0);
  expect(await offer("h2c")).toMatch(/^HTTP\/1\.1 200 [^]*plain/);
  expect(upstream.requests[0]?.headers).not.toHaveProperty("http2-settings");
});

describe("an answer", () => {
  for (const [name, sent, want] of [
    [
      "204 has no body",
      "204 No Content\r\nX-A: 1\r\n\r\n",
      /^HTTP\/1\.1 204 No Content\r\nx-a: 1\r\n(?!content-length)[^]*\r\n\r\n$/,
    ],
    [
      "304 keeps its headers",
      "304 Not Modified\r\nETag: x\r\nContent-Length: 20\r\n\r\n",
      /^HTTP\/1\.1 304 Not Modified\r\netag: x\r\ncontent-length: 20\r\n[^]*\r\n\r\n$/,
    ],
    [
      "comes after others that only announce it",
      "103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      /^HTTP\/1\.1 200 OK\r\n[^]*ok$/,
    ],
    ["that ends with its connection is whole", "200 OK\r\n\r\nhello", /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/],
    [
      "in chunks that breaks off does so here",
      "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      /\r\n\r\n5\r\nhello\r\n$/,
    ],
    [
      "of two lengths is none",
      "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      /^HTTP\/1\.1 502 /,
    ],
    ["with a status over all is 502", "600 Odd\r\nContent-Length: 2\r\n\r\nok", /^HTTP\/1\.1 502 [^]*no HTTP status/],
    ["with a status below all is 502", "099 Odd\r\nContent-Length: 2\r\n\r\nok", /^HTTP\/1\.1 502 [^]*no HTTP status/],
    [
      "that takes up another protocol unasked is 502",
      "101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
      /^HTTP\/1\.1 502 [^]*without an answer/,
    ],
  ] as const) {
    test(name, async () => {
      await using upstream = await startRawUpstream(`HTTP/1.1 ${sent}`);
      await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
      expect(await told(rest, "GET /a")).toMatch(want);
    });
  }

  test("to HEAD tells the length of what GET would get", async () => {
    await using upstream = await startRawUpstream("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
    expect(await told(rest, "HEAD /a")).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 1234\r\n[^]*\r\n\r\n$/);
  });

  test("that is compressed passes as it is", async () => {
    const packed = gzipSync("text ".repeat(1000));
    await using upstream = await startUpstream((request, response) => {
      response.setHeader("content-encoding", request.headers["accept-encoding"] ?? "none");
      response.end(packed);
    });
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
    const base = `http://127.0.0.1:${rest.port}`;
    const reply = await exchange(base, { path: "/a", headers: { "accept-encoding": "gzip" } });
    expect(reply.headers["content-encoding"]).toBe("gzip");
    expect(reply.bytes.equals(packed)).toBe(true);
  });
});
