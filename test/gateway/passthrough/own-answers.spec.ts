import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { exchange } from "../../setup/http.ts";
import { startUpstream, tellRequest } from "../../setup/upstream.ts";
import { startPassingRest } from "../setup/passing.ts";

/** Takes TCP connections, and says nothing. */
async function startMute(): Promise<{ readonly address: string } & AsyncDisposable> {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() };
}

/** Nobody listens there. */
const DEAD = "http://127.0.0.1:1";

describe("what the gateway answers itself is JSON:", () => {
  test("502 for an upstream that cannot be reached", async () => {
    await using rest = await startPassingRest([{ prefix: "/a", upstream: DEAD, responseHeaders: { "x-by": "gate" } }]);
    const reply = await rest.ask("POST", "/a/x", { body: "body" });
    expect(reply.status).toBe(502);
    expect(reply.json).toEqual({ error: "/a: the upstream cannot be reached (ECONNREFUSED)" });
    expect(reply.headers.get("x-by")).toBe("gate");
    expect(rest.lines.at(-1)).toMatchObject({ protocol: "http", status: 502, upstream: DEAD, origin: "worker" });
    expect(await rest.metrics()).toContain('tensorgate_http_requests_total{name="/a",arm="",code="502"} 1\n');
  });

  test("502 for an upstream that ends the connection without an answer", async () => {
    await using upstream = await startUpstream((request) => request.socket.destroy());
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }]);
    const reply = await rest.ask("POST", "/a", { body: "body" });
    expect(reply.status).toBe(502);
    expect(reply.json).toEqual({ error: "/a: the upstream has ended the connection without an answer (ECONNRESET)" });
    expect(upstream.requests).toHaveLength(1);
  });

  test("502 for what is no HTTP", async () => {
    const server = createServer((socket) => socket.end("hello\r\n\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await using rest = await startPassingRest([{ prefix: "/a", upstream: `http://127.0.0.1:${port}` }]);
    expect((await rest.ask("GET", "/a")).status).toBe(502);
    server.close();
  });

  test("504 for silence, before the answer", async () => {
    await using upstream = await startUpstream((request) => request.resume());
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, timeout: "60ms" }]);
    const reply = await rest.ask("POST", "/a", { body: "body" });
    expect(reply.status).toBe(504);
    expect(reply.json).toEqual({ error: "/a: nothing has come from the upstream for 60 ms" });
  });

  test("504 for an upstream that takes no connection in time", async () => {
    await using mute = await startMute();
    await using rest = await startPassingRest([
      { prefix: "/a", upstream: `https://${mute.address}`, timeout: "200ms" },
    ]);
    const reply = await rest.ask("GET", "/a");
    expect(reply.status).toBe(504);
    expect(reply.json).toEqual({ error: "/a: there is no connection to the upstream after 200 ms" });
  });

  test("504 for what takes longer than it may, however busily the upstream answers", async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url === "/never") return;
      const going = setInterval(() => response.write("x"), 20);
      response.once("close", () => clearInterval(going));
    });
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, maxDuration: "300ms" }]);
    const reply = await rest.ask("GET", "/a/never");
    expect(reply.status).toBe(504);
    expect(reply.json).toEqual({ error: "/a: the answer has not come whole within 300 ms" });
    await expect(exchange(`http://127.0.0.1:${rest.port}`, { path: "/a" })).rejects.toThrow("aborted");
    await expect
      .poll(() => rest.lines.at(-1))
      .toMatchObject({ error: "/a: the answer has not come whole within 300 ms" });
  });

  test("413 for a body that is announced or turns out to be too long", async () => {
    await using upstream = await startUpstream(tellRequest);
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, maxBytes: 1000 }]);
    const base = `http://127.0.0.1:${rest.port}`;
    expect((await exchange(base, { path: "/a", body: "x".repeat(1000) })).status).toBe(200);
    const announced = await exchange(base, { path: "/a", body: "x".repeat(1001) });
    expect(announced).toMatchObject({ status: 413, headers: { connection: "close" } });
    expect(JSON.parse(announced.text)).toEqual({ error: "the body is longer than 1000 bytes" });
    expect(upstream.requests).toHaveLength(1);
    const chunked = await rest.ask("POST", "/a", {
      body: new Blob(["x".repeat(1001)]).stream(),
      duplex: "half",
    });
    expect(chunked.status).toBe(413);
  });

  test("405 for a method that the entry has not", async () => {
    await using upstream = await startUpstream(tellRequest);
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, methods: ["GET", "POST"] }]);
    const reply = await rest.ask("DELETE", "/a");
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe("GET, POST");
    expect((await rest.ask("GET", "/a")).status).toBe(200);
  });

  test("503 for more requests than may be under way, until one has been answered", async () => {
    const held: ServerResponse[] = [];
    await using upstream = await startUpstream((_request, response) => held.push(response));
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin, maxInFlight: 2 }]);
    const first = [rest.ask("GET", "/a"), rest.ask("GET", "/a")];
    await expect.poll(() => held.length).toBe(2);
    const third = await rest.ask("GET", "/a");
    expect(third.status).toBe(503);
    expect(third.headers.get("retry-after")).toBe("1");
    for (const response of held) response.end("done");
    expect((await Promise.all(first)).map(({ text }) => text)).toEqual(["done", "done"]);
    const fourth = rest.ask("GET", "/a");
    await expect.poll(() => held.length).toBe(3);
    held[2]?.end("done");
    expect((await fourth).status).toBe(200);
  });

  test("400 for a path that leads out of the upstream", async () => {
    await using upstream = await startUpstream(tellRequest);
    await using rest = await startPassingRest([{ prefix: "/a", rewritePrefix: "/b", upstream: upstream.origin }]);
    const base = `http://127.0.0.1:${rest.port}`;
    for (const path of ["/a/../admin", "/a/%2e%2e/admin", "/a/x/..%2f..%2fadmin", "/a/%zz"]) {
      expect((await exchange(base, { path })).status, path).toBe(400);
    }
    expect(upstream.requests).toHaveLength(0);
  });

  test("401 for who is no known client, and the upstream never sees a token of ours", async () => {
    await using upstream = await startUpstream(tellRequest);
    await using rest = await startPassingRest([{ prefix: "/a", upstream: upstream.origin }], {
      clients: [{ name: "acme", token: "secret-token-of-acme" }],
      server: { requireClient: true },
    });
    expect((await rest.ask("GET", "/a")).status).toBe(401);
    const reply = await rest.ask("GET", "/a", { headers: { authorization: "Bearer secret-token-of-acme" } });
    expect(reply.status).toBe(200);
    expect(reply.text).not.toContain("secret");
    expect(rest.lines.at(-1)).toMatchObject({ clientName: "acme" });
  });
});
