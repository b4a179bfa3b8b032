import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { named, startUpstream, tellRequest } from "../../setup/upstream.ts";
import { startPassingRest } from "../setup/passing.ts";

/** Nobody listens there. */
const DEAD = "http://127.0.0.1:1";
const NEVER_OPEN = { resilience: { breaker: { minRequests: 1_000_000 } } };

describe("of several upstreams", () => {
  test("one that is dead costs nobody an answer, whatever the method", async () => {
    await using alive = await startUpstream(tellRequest);
    await using rest = await startPassingRest([{ prefix: "/a", upstreams: [DEAD, alive.origin] }], NEVER_OPEN);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => rest.ask("POST", "/a", { body: `body ${i}` })),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(replies.map(({ json }) => (json as { body: string }).body)).toEqual(replies.map((_, i) => `body ${i}`));
    const { host } = new URL(alive.origin);
    expect(replies.every(({ json }) => (json as { headers: { host: string } }).headers.host === host)).toBe(true);
  });

  test("one that takes no connection is given up, and another one asked", async () => {
    const mute = createServer(() => {}).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    await using alive = await startUpstream(named("alive"));
    const upstreams = [`https://127.0.0.1:${port}`, alive.origin];
    await using rest = await startPassingRest([{ prefix: "/a", upstreams, timeout: "300ms" }], NEVER_OPEN);
    const replies = await Promise.all(Array.from({ length: 10 }, () => rest.ask("POST", "/a", { body: "x" })));
    expect(replies.map(({ text }) => text)).toEqual(replies.map(() => "alive"));
    mute.close();
  });

  test("nothing is sent again where retries are off, or where all are dead", async () => {
    await using alive = await startUpstream(tellRequest);
    await using rest = await startPassingRest(
      [
        { prefix: "/a", upstreams: [DEAD, alive.origin], retries: 0 },
        { prefix: "/b", upstreams: [DEAD, "http://127.0.0.1:2"] },
      ],
      NEVER_OPEN,
    );
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await rest.ask("GET", "/a")).status));
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    expect((await rest.ask("GET", "/b")).status).toBe(502);
  });

  test("the busy one is left alone", async () => {
    const held: ServerResponse[] = [];
    await using one = await startUpstream((_request, response) => held.push(response));
    await using other = await startUpstream(named("other"));
    await using rest = await startPassingRest([{ prefix: "/a", upstreams: [one.origin, other.origin] }]);
    const waiting: Promise<unknown>[] = [];
    while (held.length === 0) {
      waiting.push(rest.ask("GET", "/a"));
      await expect.poll(() => one.requests.length + other.requests.length).toBe(waiting.length);
    }
    for (let i = 0; i < 20; i++) expect((await rest.ask("GET", "/a")).text).toBe("other");
    expect(one.requests).toHaveLength(1);
    const metrics = await rest.metrics();
    expect(metrics).toContain('tensorgate_http_requests_in_flight{name="/a"} 1\n');
    expect(metrics).toContain(`tensorgate_http_upstream_requests_in_flight{upstream="${one.origin}"} 1\n`);
    held[0]?.end();
    await Promise.all(waiting);
  });
});

test("a kept connection that has just ended is no failure for what may be sent twice", async () => {
  const sockets = new Set<Socket>();
  await using upstream = await startUpstream((request, response) => {
    const isFirst = !sockets.has(request.socket);
    sockets.add(request.socket);
    // What comes second over a connection is never answered, as by a server that ends it at the same moment.
    if (isFirst) response.end("first");
    else request.socket.destroy();
  });
  await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }], NEVER_OPEN);
  for (let i = 0; i < 5; i++) expect((await rest.ask("GET", "/a")).text).toBe("first");
  expect(sockets.size).toBeGreaterThan(1);
  expect((await rest.ask("POST", "/a", { body: "x" })).status).toBe(502);
});

describe("the breaker", () => {
  const resilience = { breaker: { minRequests: 4, window: "10s", resetTimeout: "300ms", errorThreshold: "50%" } };

  test("opens on statuses that tell of a sick server, says so, and closes once it is well again", async () => {
    let status = 503;
    await using upstream = await startUpstream((request, response) => {
      request.resume();
      response.statusCode = status;
      response.end("as it is");
    });
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }], { resilience });
    for (let i = 0; i < 4; i++) expect(await rest.ask("GET", "/a")).toMatchObject({ status: 503, text: "as it is" });
    const held = await rest.ask("GET", "/a");
    expect(held.status).toBe(503);
    expect(held.json).toEqual({ error: "/a: every upstream is held back after too many failures" });
    expect(held.headers.get("retry-after")).toBe("1");
    expect(upstream.requests).toHaveLength(4);
    expect(rest.lines.filter(({ msg }) => msg === "the upstream's breaker has changed")).toMatchObject([
      { upstream: upstream.origin, state: "open" },
    ]);
    status = 200;
    await expect.poll(async () => (await rest.ask("GET", "/a")).status, { timeout: 5_000 }).toBe(200);
    expect((await rest.ask("GET", "/a")).status).toBe(200);
  });

  test("does not open on an upstream's other errors, nor on clients that leave", async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === "/wait") return;
      response.statusCode = 500;
      response.end();
    });
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }], { resilience });
    for (let i = 0; i < 8; i++) expect((await rest.ask("GET", "/a")).status).toBe(500);
    for (let i = 0; i < 8; i++) {
      const leave = new AbortController();
      const arrived = once(upstream.server, "request") as Promise<[IncomingMessage, ServerResponse]>;
      const asked = rest.ask("GET", "/a/wait", { signal: leave.signal }).catch(() => undefined);
      const [, response] = await arrived;
      const closed = once(response, "close");
      leave.abort();
      await Promise.all([asked, closed]);
    }
    expect((await rest.ask("GET", "/a")).status).toBe(500);
  });

  test("leaves an arm out, and its clients get another one", async () => {
    await using good = await startUpstream(named("good"));
    await using rest = await startPassingRest(
      [
        {
          prefix: "/a",
          split: [
            { name: "good", upstream: good.origin, weight: 1 },
            { name: "bad", upstream: DEAD, weight: 9 },
          ],
        },
      ],
      { resilience: { breaker: { ...resilience.breaker, resetTimeout: "1m" } } },
    );
    while (!rest.lines.some(({ state }) => state === "open")) await rest.ask("GET", "/a");
    for (let i = 0; i < 10; i++) {
      const reply = await rest.ask("GET", "/a");
      expect(reply).toMatchObject({ status: 200, text: "good" });
      expect(reply.headers.get("x-tensorgate-arm")).toBe("good");
    }
  });
});
