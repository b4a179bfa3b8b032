import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { exchange } from "../../setup/http.ts";
import { bodyOf, startUpstream, tellRequest } from "../../setup/upstream.ts";
import { allOf } from "../setup/all-of.ts";
import { startPassingRest } from "../setup/passing.ts";

describe("an answer that has begun", () => {
  test("is broken off when the upstream breaks it off, or is silent for too long", async () => {
    for (const end of ["destroy", "wait"]) {
      await using upstream = await startUpstream((request, response) => {
        response.writeHead(200, { "content-length": 10 });
        response.write("12345", () => end === "destroy" && request.socket.destroy());
      });
      await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, timeout: "600ms" }]);
      await expect(exchange(`http://127.0.0.1:${rest.port}`, { path: "/a" })).rejects.toThrow("aborted");
      await expect.poll(() => rest.lines.at(-1)).toMatchObject({ protocol: "http", status: 200, bytesOut: 5 });
      expect(rest.lines.at(-1)).toHaveProperty("error");
    }
  });

  test("may take longer than the timeout as long as it goes on", async () => {
    await using upstream = await startUpstream(async (_request, response) => {
      for (let i = 0; i < 8; i++) {
        response.write("x");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      response.end();
    });
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, timeout: "600ms" }]);
    expect((await rest.ask("GET", "/a")).text).toBe("xxxxxxxx");
  });

  test("is not for the upstream to blame when the client takes its time", async () => {
    const body = Buffer.alloc(16 * 2 ** 20);
    await using upstream = await startUpstream((_request, response) => response.end(body));
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, timeout: "600ms" }]);
    const response = await fetch(`http://127.0.0.1:${rest.port}/a`);
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect((await response.arrayBuffer()).byteLength).toBe(body.length);
  });
});

test("a client that takes its time with its body is not the upstream's fault", async () => {
  await using upstream = await startUpstream(tellRequest);
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, timeout: "600ms" }]);
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(Buffer.from("one "));
      await new Promise((resolve) => setTimeout(resolve, 1300));
      controller.enqueue(Buffer.from("two"));
      controller.close();
    },
  });
  const reply = await rest.ask("POST", "/a", { body, duplex: "half" });
  expect(reply.json).toMatchObject({ body: "one two" });
});

test("a client that waits to be told to send its body is told so, unless that is too long", async () => {
  await using upstream = await startUpstream(tellRequest);
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, maxBytes: 5_000 }]);
  const ask = async (bytes: number): Promise<string> => {
    const socket = connect(rest.port, "127.0.0.1");
    socket.write(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n\r\n`);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return chunk.toString().split("\r\n", 1)[0] as string;
  };
  // More than the API takes here.
  expect(await ask(2_000)).toBe("HTTP/1.1 100 Continue");
  expect(await ask(6_000)).toBe("HTTP/1.1 413 Payload Too Large");
});

test("a body that nobody reads at the upstream does not stay in the gateway's memory", async () => {
  await using upstream = await startUpstream((request, response) => {
    // Nothing is read before the client stops.
    request.once("aborted", () => response.destroy());
  });
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  const socket = rest.socket();
  socket.on("error", () => {});
  socket.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000000\r\n\r\n");
  const piece = Buffer.alloc(2 ** 20);
  let taken = 0;
  for (; taken < 200 && !socket.writableNeedDrain; taken++) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(taken).toBeLessThan(100);
  socket.destroy();
});

test("an answer that comes early reaches a client that is still sending its body", async () => {
  await using upstream = await startUpstream((_request, response) => {
    response.writeHead(413, { "content-length": 8 }).end("too much");
  });
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  for (let i = 0; i < 5; i++) {
    const socket = rest.socket();
    const all = allOf(socket);
    // As clients do that send all of their body before they look for an answer.
    socket.pause();
    socket.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000000\r\n\r\n");
    for (let pieces = 0; pieces < 20; pieces++) {
      socket.write(Buffer.alloc(100_000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.resume();
    expect(await all).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\ntoo much$/);
  }
});

test("whatever the upstream answers early, the rest of a long body does no harm", async () => {
  await using upstream = await startUpstream((request, response) => {
    response.statusCode = 401;
    response.end("no");
    request.resume();
  });
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  const reply = await exchange(`http://127.0.0.1:${rest.port}`, { path: "/a", body: Buffer.alloc(8 * 2 ** 20) });
  expect(reply).toMatchObject({ status: 401, text: "no" });
  await using echo = await startUpstream(async (request, response) => response.end(await bodyOf(request)));
  rest.apply([{ prefix: "/a", upstream: echo.origin }]);
  expect((await rest.ask("POST", "/a", { body: "again" })).text).toBe("again");
});

test("an answer that its client does not read stays at the upstream", async () => {
  const PIECE = Buffer.alloc(2 ** 16);
  const ALL = 4_000;
  let pieces = 0;
  const full = new AbortController();
  const isFull = once(full.signal, "abort");
  await using upstream = await startUpstream(async (_request, response) => {
    for (; pieces < ALL && !response.destroyed; pieces++) {
      if (response.write(PIECE)) continue;
      // What still flows is taken within moments.
      const waited = setTimeout(() => full.abort(), 1_000);
      await Promise.race([once(response, "drain"), once(response, "close")]);
      clearTimeout(waited);
    }
    full.abort();
  });
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  const socket = rest.socket();
  socket.pause();
  socket.on("error", () => {});
  socket.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  await isFull;
  expect(pieces).toBeLessThan(ALL / 4);
  socket.destroy();
});

test("the upstream of a client that leaves in the middle of its body is told so", async () => {
  await using upstream = await startUpstream((request) => request.resume());
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
  const arrived = once(upstream.server, "request") as Promise<[IncomingMessage]>;
  const socket = rest.socket();
  socket.write(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1000)}`);
  const [request] = await arrived;
  const aborted = once(request, "error");
  socket.destroy();
  expect(String(await aborted)).toContain("aborted");
  await expect.poll(() => rest.lines.at(-1)).toMatchObject({ status: 499 });
});
