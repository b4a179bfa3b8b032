import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PlainRequest } from "../../http1/index.ts";
import { Random } from "../fuzz/random.ts";
import { allOf } from "../gateway/setup/all-of.ts";
import { bodies, odd, plain, startFront } from "./setup.ts";

test("plain requests of a connection are answered one behind the other", async () => {
  await using it = await startFront();
  const socket = it.connect();
  for (const body of ["one", "", "three"]) {
    socket.write(plain(body));
    expect(await bodies(socket, 1)).toEqual([`front: ${body}`]);
  }
  expect(it.counted).toEqual({ now: 0, ever: 3 });
});

test("the head of an answer is that of node:http", async () => {
  await using it = await startFront({
    serve: (request) => request.answer(418, { "X-Two": "b", "content-type": "a/b" }, Buffer.from("tea"), false),
    timeouts: { keepAliveMs: 5_500 },
  });
  const socket = it.connect();
  socket.write(plain(""));
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(
    /^HTTP\/1\.1 418 I'm a Teapot\r\nX-Two: b\r\ncontent-type: a\/b\r\ncontent-length: 3\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\ntea$/,
  );
});

test("the first request that is not plain, and all behind it, are for the server behind", async () => {
  await using it = await startFront();
  const socket = it.connect();
  socket.write(plain("one") + plain("two") + odd("three") + plain("four"));
  expect(await bodies(socket, 4)).toEqual(["front: one", "front: two", "behind: POST three", "behind: POST four"]);
  socket.write(plain("five"));
  expect(await bodies(socket, 1)).toEqual(["behind: POST five"]);
  expect(it.counted).toEqual({ now: 0, ever: 2 });
});

test("so is what has no route, or a body that is not taken", async () => {
  await using it = await startFront({ takes: (bytes) => bytes < 4 });
  const [one, other] = [it.connect(), it.connect()];
  one.write(plain("x", "/behind"));
  other.write(plain("123") + plain("1234"));
  expect(await bodies(one, 1)).toEqual(["behind: POST x"]);
  expect(await bodies(other, 2)).toEqual(["front: 123", "behind: POST 1234"]);
});

test("a body that follows later than a handover, and is long, comes whole to the server behind", async () => {
  await using it = await startFront();
  const socket = it.connect();
  const long = "x".repeat(3_000_000);
  const whole = odd(long);
  socket.write(plain("one") + whole.slice(0, 100_000));
  await once(socket, "data");
  socket.write(whole.slice(100_000));
  expect(await bodies(socket, 1)).toEqual([`behind: POST ${long}`]);
});

test("a head may come in a few pieces; in more, or slowly, it is for the server behind", async () => {
  await using it = await startFront();
  const send = async (pieces: readonly string[], pauseMs: number): Promise<string[]> => {
    const socket = it.connect();
    socket.setNoDelay(true);
    const answers = bodies(socket, 1);
    for (const piece of pieces) {
      socket.write(piece);
      await sleep(pauseMs);
    }
    return await answers;
  };
  const request = plain("x");
  expect(await send([request.slice(0, 3), request.slice(3, 30), request.slice(30)], 20)).toEqual(["front: x"]);
  expect(await send(request.split(""), 1)).toEqual(["behind: POST x"]);
  const socket = it.connect();
  socket.setNoDelay(true);
  for (let i = 0; i < 5; i++) {
    socket.write(request.slice(0, 30));
    await sleep(20);
    socket.write(request.slice(30));
    expect(await bodies(socket, 1)).toEqual(["front: x"]);
  }
  expect(await send([request.slice(0, 30), request.slice(30)], 2_500)).toEqual(["behind: POST x"]);
});

test("a long body comes in one piece of memory that is its own, whatever pieces it travels in", async () => {
  const seen: [bytes: number, memory: number][] = [];
  await using it = await startFront({
    async serve(request) {
      const body = request.body ?? (await request.wholeBody());
      seen.push([body?.length ?? 0, body?.buffer.byteLength ?? 0]);
      request.answer(200, {}, body?.subarray(-3) ?? Buffer.alloc(0), false);
    },
  });
  const socket = it.connect();
  const long = `${"x".repeat(1_000_000)}end`;
  const request = plain(long) + plain("two");
  for (let at = 0; at < request.length; at += 77_777) {
    socket.write(request.slice(at, at + 77_777));
    await sleep(1);
  }
  expect(await bodies(socket, 2)).toEqual(["end", "two"]);
  expect(seen[0]).toEqual([long.length, long.length]);
});

test("requests cut anywhere are answered in their order, whoever answers them", async () => {
  await using it = await startFront();
  const random = new Random(7);
  for (let round = 0; round < 60; round++) {
    const sent = Array.from({ length: 1 + random.below(6) }, (_, i) => {
      const body = `${round}.${i}.${"x".repeat(random.below(3) === 0 ? random.below(5_000) : random.below(20))}`;
      return { body, text: random.below(8) === 0 ? odd(body) : plain(body, `/${random.below(3)}`) };
    });
    const text = sent.map((each) => each.text).join("");
    const socket = it.connect();
    socket.setNoDelay(true);
    const answers = bodies(socket, sent.length);
    for (let at = 0; at < text.length; ) {
      const end = at + 1 + random.below(random.below(4) === 0 ? 5 : 2_000);
      socket.write(text.slice(at, end), "latin1");
      if (random.below(2) === 0) await sleep(0);
      at = end;
    }
    const found = (await answers).map((answer) => answer.replace(/^(?:front|behind: POST): ?|^behind: POST /, ""));
    expect(found).toEqual(sent.map(({ body }) => body));
    socket.destroy();
  }
  await expect.poll(() => it.counted.now).toBe(0);
  expect(it.counted.ever).toBeGreaterThan(60);
});

test("a hundred requests at once are answered in their order", async () => {
  await using it = await startFront({
    serve(request) {
      // The later it came the sooner it would be done.
      setTimeout(
        () => request.answer(200, {}, request.body as Buffer, false),
        3 - (Number(request.body?.toString()) % 4),
      );
    },
  });
  const socket = it.connect();
  const sent = Array.from({ length: 100 }, (_, i) => String(i));
  socket.write(sent.map((body) => plain(body)).join(""));
  expect(await bodies(socket, 100)).toEqual(sent);
});

test("no more is taken in than some requests while an answer is awaited", async () => {
  let held: PlainRequest<string> | undefined;
  await using it = await startFront({
    serve(request) {
      if (held === undefined) held = request;
      else request.answer(200, {}, Buffer.from("x"), false);
    },
  });
  const socket = it.connect();
  const total = 10_000;
  socket.write(plain("", `/${"long".repeat(300)}`).repeat(total));
  const answers = bodies(socket, total);
  await expect.poll(() => held).toBeDefined();
  await sleep(200);
  // What the kernel has of it is bounded by its buffers.
  expect(socket.writableLength).toBeGreaterThan(1_000_000);
  held?.answer(200, {}, Buffer.from("x"), false);
  expect(await answers).toHaveLength(total);
});

test("an answer that its client does not take ends its connection, when nothing of it moves", async () => {
  await using it = await startFront({
    serve: (request) => request.answer(200, {}, Buffer.alloc(50_000_000), false),
    timeouts: { requestMs: 200 },
  });
  const socket = it.connect();
  socket.on("error", () => {});
  socket.write(plain(""));
  await expect.poll(() => it.counted.ever).toBe(1);
  expect(it.counted.now).toBe(1);
  await expect.poll(() => it.counted.now).toBe(0);
  socket.destroy();
});

test("one that is taken slowly comes whole", async () => {
  await using it = await startFront({
    serve: (request) => request.answer(200, {}, Buffer.alloc(20_000_000, "x"), false),
    timeouts: { requestMs: 300 },
  });
  const socket = it.connect();
  socket.write(plain(""));
  let bytes = 0;
  for (let i = 0; bytes < 20_000_000; i++) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    bytes += chunk.length;
    if (i % 40 !== 0) continue;
    socket.pause();
    await sleep(50);
    socket.resume();
  }
  // It is waited for as others are then.
  await sleep(500);
  socket.write(plain(""));
  await once(socket, "data");
});

test("a client that leaves aborts what it asked, and is counted no more", async () => {
  const aborted: string[] = [];
  await using it = await startFront({
    serve(request) {
      request.signal.addEventListener("abort", () => aborted.push(request.route));
    },
  });
  const [one, other] = [it.connect(), it.connect()];
  one.write(plain("x", "/reset"));
  other.write(plain("x", "/half-closed"));
  await expect.poll(() => it.counted.now).toBe(2);
  one.resetAndDestroy();
  other.end();
  other.resume();
  await expect.poll(() => aborted.toSorted()).toEqual(["/half-closed", "/reset"]);
  expect(it.counted.now).toBe(0);
});

test("a client that leaves in the middle of its body leaves no body", async () => {
  const found: unknown[] = [];
  await using it = await startFront({
    async serve(request) {
      found.push(await request.wholeBody(), request.receivedBytes, request.signal.aborted);
    },
  });
  const socket = it.connect();
  socket.write(plain("x".repeat(50)).slice(0, -20));
  await expect.poll(() => it.counted.now).toBe(1);
  socket.destroy();
  await expect.poll(() => found).toEqual([undefined, 30, true]);
  expect(it.counted.now).toBe(0);
});

test("one that only says that it sends no more, in the middle of a head or body, is told", async () => {
  await using it = await startFront();
  for (const cut of [plain("x").slice(0, 20), plain("x").slice(0, -1)]) {
    const socket = it.connect();
    const answer = allOf(socket);
    socket.end(cut);
    expect(await answer).toBe("refused: HPE_INVALID_EOF_STATE");
  }
  expect(it.counted.now).toBe(0);
});

test("one that has asked nothing is let go without a word", async () => {
  await using it = await startFront();
  const socket = it.connect();
  const all = allOf(socket);
  socket.end();
  expect(await all).toBe("");
});

for (const { name, sent, timeouts, want } of [
  { name: "asks nothing at all", sent: "", timeouts: { headersMs: 100 }, want: "refused: ERR_HTTP_REQUEST_TIMEOUT" },
  {
    name: "does not send its body",
    sent: plain("abc").slice(0, -1),
    timeouts: { requestMs: 100 },
    want: "refused: ERR_HTTP_REQUEST_TIMEOUT",
  },
  { name: "asks no more", sent: plain("abc"), timeouts: { keepAliveMs: 100 }, want: /front: abc$/ },
]) {
  test(`a client that ${name} is waited for as long as it may take`, async () => {
    await using it = await startFront({ timeouts });
    const socket = it.connect();
    const all = allOf(socket);
    const sinceMs = performance.now();
    socket.write(sent);
    expect(await all).toMatch(want);
    expect(performance.now() - sinceMs).toBeGreaterThan(90);
    expect(it.counted.now).toBe(0);
  });
}

test("a call takes as long as it takes", async () => {
  await using it = await startFront({
    serve: (request) => void sleep(300).then(() => request.answer(200, {}, Buffer.from("late"), false)),
    timeouts: { headersMs: 50, requestMs: 50, keepAliveMs: 50 },
  });
  const socket = it.connect();
  socket.write(plain("x"));
  expect(await bodies(socket, 1)).toEqual(["late"]);
});

test("the last answer of a connection says so and ends it; what was sent behind it is not looked at", async () => {
  await using it = await startFront({
    serve: (request) => request.answer(200, { a: "b" }, request.body as Buffer, request.route === "/last"),
  });
  const socket = it.connect();
  const all = allOf(socket);
  socket.write(plain("one") + plain("two", "/last") + plain("three"));
  const answers = (await all).split("HTTP/1.1 200 OK\r\n");
  expect(answers[2]).toMatch(/^a: b\r\ncontent-length: 3\r\nconnection: close\r\nDate: [^\r]+\r\n\r\ntwo$/);
  expect(answers).toHaveLength(3);
});

test("an answer before the whole body is the last of its connection", async () => {
  await using it = await startFront({ serve: (request) => request.answer(503, {}, Buffer.from("no"), false) });
  const socket = it.connect();
  const all = allOf(socket);
  socket.write(plain("abc").slice(0, -1));
  expect(await all).toMatch(/connection: close\r\n.*no$/s);
  expect(it.counted).toEqual({ now: 0, ever: 1 });
});

test("what is left of a body behind such an answer is no request", async () => {
  await using it = await startFront({ serve: (request) => request.answer(503, {}, Buffer.from("no"), false) });
  for (let i = 0; i < 5; i++) {
    const socket = it.connect();
    const all = allOf(socket);
    socket.write(plain(plain("evil").repeat(50_000)));
    await all;
  }
  expect(it.counted).toEqual({ now: 0, ever: 5 });
});

test("closeIdle ends connections on which nothing is under way, and no others", async () => {
  let held: PlainRequest<string> | undefined;
  await using it = await startFront({
    serve: (request) => {
      held = request;
    },
  });
  const [idle, busy] = [it.connect(), it.connect()];
  await once(idle, "connect");
  busy.write(plain("x"));
  await expect.poll(() => held).toBeDefined();
  const ended = allOf(idle);
  it.front.closeIdle();
  expect(await ended).toBe("");
  held?.answer(200, {}, Buffer.from("kept"), false);
  expect(await bodies(busy, 1)).toEqual(["kept"]);
});

test("an answer that comes when the client has gone, and a second one, are nothing", async () => {
  const requests: PlainRequest<string>[] = [];
  await using it = await startFront({ serve: (request) => void requests.push(request) });
  const gone = it.connect();
  gone.write(plain("x"));
  await expect.poll(() => requests.length).toBe(1);
  gone.destroy();
  await expect.poll(() => it.counted.now).toBe(0);
  const socket = it.connect();
  socket.write(plain("x"));
  await expect.poll(() => requests.length).toBe(2);
  for (const request of [...requests, ...requests]) request.answer(200, {}, Buffer.from("one"), false);
  socket.write(plain("y"));
  await expect.poll(() => requests.length).toBe(3);
  requests[2]?.answer(200, {}, Buffer.from("two"), false);
  expect(await bodies(socket, 2)).toEqual(["one", "two"]);
});
