import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { named, startUpstream } from "../../setup/upstream.ts";
import { startPassingRest } from "../setup/passing.ts";

/** Nobody listens there. */
const DEAD = "http://127.0.0.1:1";

describe("a reload", () => {
  test("moves paths at once, on connections too whose requests the front has read so far", async () => {
    await using upstream = await startUpstream((request, response) => {
      request.resume();
      response.setHeader("content-length", 2).end("up");
    });
    await using rest = await startPassingRest([]);
    const socket = rest.socket();
    const ask = async (): Promise<string> => {
      socket.write("POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
      const [chunk] = (await once(socket, "data")) as [Buffer];
      return chunk.toString();
    };
    expect(await ask()).toContain("Missing 'inputs' or 'instances'");
    rest.apply([{ prefix: "/v1/models/half", upstream: upstream.origin }]);
    expect(await ask()).toMatch(/\r\n\r\nup$/);
    rest.apply([]);
    expect(await ask()).toContain("Missing 'inputs' or 'instances'");
    socket.destroy();
  });

  test("leaves requests under way to end as they began, and closes connections that nobody needs", async () => {
    const held: ServerResponse[] = [];
    await using old = await startUpstream((_request, response) => held.push(response));
    await using next = await startUpstream(named("next"));
    await using rest = await startPassingRest([{ prefix: "/a", upstream: old.origin, maxInFlight: 1 }]);
    const asked = rest.ask("GET", "/a");
    await expect.poll(() => held.length).toBe(1);
    const ended = once(held[0]?.socket as Socket, "close");
    rest.apply([{ prefix: "/a", upstream: next.origin, maxInFlight: 1 }]);
    // What is under way counts on.
    expect((await rest.ask("GET", "/a")).status).toBe(503);
    held[0]?.end("old");
    expect((await asked).text).toBe("old");
    // Long before it would for being idle.
    const fromMs = performance.now();
    await ended;
    expect(performance.now() - fromMs).toBeLessThan(2_000);
    expect((await rest.ask("GET", "/a")).text).toBe("next");
    expect(await rest.metrics()).not.toContain(`{upstream="${old.origin}"`);
    rest.apply([]);
    expect(await rest.metrics()).not.toContain("tensorgate_http_requests_in_flight{");
  });

  test("keeps what breakers of upstreams that stay have counted", async () => {
    const breaker = { minRequests: 4, window: "10s", resetTimeout: "10s" };
    const entry = { prefix: "/a", upstream: DEAD };
    await using rest = await startPassingRest([entry], { resilience: { breaker } });
    for (let i = 0; i < 4; i++) expect((await rest.ask("GET", "/a")).status).toBe(502);
    expect((await rest.ask("GET", "/a")).status).toBe(503);
    rest.apply([{ ...entry, timeout: "1s" }]);
    expect((await rest.ask("GET", "/a")).status).toBe(503);
    rest.apply([entry], { resilience: { breaker: { ...breaker, minRequests: 1000 } } });
    expect((await rest.ask("GET", "/a")).status).toBe(502);
  });
});
