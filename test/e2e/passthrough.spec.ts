import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exchange } from "../setup/http.ts";
import { MODELS, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";
import { bodyOf, named, startPassing, startUpstream, tellRequest } from "../setup/upstream.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("a request goes to the upstream as it came, below the entry's own path, and so does the answer", async () => {
  await using upstream = await startUpstream((request, response) => {
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    response.setHeader("location", "/base/jobs/7");
    response.setHeader("x-served-by", "sklearn");
    response.statusCode = 201;
    void tellRequest(request, response);
  });
  await using gateway = await startPassing([
    { prefix: "/sklearn", rewritePrefix: "/base", upstream: upstream.origin, responseHeaders: { "x-by": "gate" } },
  ]);
  const reply = await exchange(gateway.rest, {
    method: "PUT",
    path: "/sklearn/models/a%2Fb?x=1&y=%20",
    body: "42",
    headers: {
      "content-type": "weird",
      "x-mine": "1",
      connection: "x-hop",
      "x-hop": "1",
      "x-forwarded-for": "1.2.3.4",
    },
  });
  expect(reply.status).toBe(201);
  expect(reply.headers).toMatchObject({
    "set-cookie": ["a=1", "b=2"],
    location: "/sklearn/jobs/7",
    "x-served-by": "sklearn",
    "x-by": "gate",
  });
  const { headers, ...line } = JSON.parse(reply.text) as { headers: Record<string, string> };
  expect(line).toEqual({ method: "PUT", url: "/base/models/a%2Fb?x=1&y=%20", body: "42" });
  expect(headers).toMatchObject({
    host: new URL(upstream.origin).host,
    "content-type": "weird",
    "x-mine": "1",
    "x-forwarded-for": "1.2.3.4, 127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": new URL(gateway.rest).host,
  });
  expect(headers).not.toHaveProperty("x-hop");
  const line2 = await gateway.logged(({ msg, protocol }) => msg === "access" && protocol === "http");
  expect(line2).toMatchObject({
    request: "PUT /sklearn/models/a%2Fb",
    name: "/sklearn",
    upstream: upstream.origin,
    status: 201,
    bytesIn: 2,
    bytesOut: reply.bytes.length,
  });
  const { text } = await gateway.get("/metrics");
  expect(text).toContain('tensorgate_http_requests_total{name="/sklearn",arm="",code="201"} 1\n');
  expect(text).toContain('tensorgate_http_request_duration_seconds_count{name="/sklearn",arm=""} 1\n');
  expect(text).toContain('tensorgate_http_requests_in_flight{name="/sklearn"} 0\n');
  expect(text).toContain(`tensorgate_http_upstream_breaker_state{upstream="${upstream.origin}",state="closed"} 1\n`);
});

test("every method passes, with a body or without", async () => {
  await using upstream = await startUpstream(tellRequest);
  await using gateway = await startPassing([{ prefix: "/a", upstream: upstream.origin }]);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    for (const body of ["", "body"]) {
      const reply = await exchange(gateway.rest, { method, path: "/a/x", ...(body === "" ? {} : { body }) });
      expect(JSON.parse(reply.text), method).toMatchObject({ method, url: "/x", body });
    }
  }
  const head = await exchange(gateway.rest, { method: "HEAD", path: "/a/x" });
  expect(head).toMatchObject({ status: 200, text: "" });
  expect(upstream.requests.at(-1)?.method).toBe("HEAD");
});

test("20 MB pass both ways, with a length and in chunks", async () => {
  await using upstream = await startUpstream((request, response) => {
    const length = request.headers["content-length"];
    if (length !== undefined) response.setHeader("content-length", length);
    request.pipe(response);
  });
  await using gateway = await startPassing([{ prefix: "/echo", upstream: upstream.origin }]);
  const body = randomBytes(20 * 2 ** 20);
  const whole = await exchange(gateway.rest, { path: "/echo", body });
  expect(sha256(whole.bytes)).toBe(sha256(body));
  expect(whole.headers["content-length"]).toBe(String(body.length));

  const { hostname, port } = new URL(gateway.rest);
  const sent = httpRequest({ hostname, port, method: "POST", path: "/echo" });
  const coming = once(sent, "response") as Promise<[IncomingMessage]>;
  for (let at = 0; at < body.length; at += 100_000) sent.write(body.subarray(at, at + 100_000));
  sent.end();
  const [response] = await coming;
  expect(sha256(await bodyOf(response))).toBe(sha256(body));
  expect(upstream.requests.at(-1)?.headers).toMatchObject({ "transfer-encoding": "chunked" });
});

test("server-sent events come as they are sent, and a client that leaves ends them", async () => {
  let events: ServerResponse | undefined;
  await using upstream = await startUpstream((_request, response) => {
    events = response;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  await using gateway = await startPassing([{ prefix: "/events", upstream: upstream.origin, timeout: "600ms" }]);
  const leave = new AbortController();
  const response = await fetch(`${gateway.rest}/events`, { signal: leave.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  // Longer than the timeout: they come when there is something to tell.
  for (const [event, pauseMs] of [
    ["data: 1\n\n", 0],
    ["data: 2\n\n", 1_300],
  ] as const) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    events?.write(event);
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(event);
  }
  const left = once(events as ServerResponse, "close");
  leave.abort();
  await left;
  const line = await gateway.logged(({ protocol }) => protocol === "http");
  expect(line).toMatchObject({ status: 499, bytesOut: 18 });
});

test("the upstream of a client that leaves before the answer is told so", async () => {
  await using upstream = await startUpstream((request) => request.resume());
  await using gateway = await startPassing([{ prefix: "/slow", upstream: upstream.origin }]);
  const arrived = once(upstream.server, "request") as Promise<[IncomingMessage, ServerResponse]>;
  const leave = new AbortController();
  const asked = fetch(`${gateway.rest}/slow`, { method: "POST", body: "x", signal: leave.signal }).catch(() => "left");
  const [, response] = await arrived;
  const closed = once(response, "close");
  leave.abort();
  await closed;
  expect(await asked).toBe("left");
  await gateway.logged(({ protocol, status }) => protocol === "http" && status === 499);
});

/** Sends plain requests one behind the other, and reads their answers' bodies. */
async function tell(gateway: Tensorgate, paths: readonly string[]): Promise<string[]> {
  const socket = connect(Number(new URL(gateway.rest).port), "127.0.0.1");
  const answers: string[] = [];
  let text = "";
  try {
    for (const path of paths) {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`);
      for (;;) {
        const match = /^HTTP\/1\.1 (\d+)[^]*?\r\n(?:content-length: (\d+)\r\n[^]*?\r\n)\r\n/i.exec(text);
        const end = match === null ? Number.POSITIVE_INFINITY : match[0].length + Number(match[2]);
        if (text.length >= end) {
          answers.push(text.slice((match as RegExpExecArray)[0].length, end));
          text = text.slice(end);
          break;
        }
        const [chunk] = (await once(socket, "data")) as [Buffer];
        text += chunk.toString("latin1");
      }
    }
  } finally {
    socket.destroy();
  }
  return answers;
}

test("requests for the API and for upstreams take turns on one connection", async () => {
  await using upstream = await startUpstream((request, response) => {
    request.resume();
    response.setHeader("content-length", 2).end("up");
  });
  await using gateway = await startPassing([{ prefix: "/v1/models/other", upstream: upstream.origin }]);
  const paths = ["/v1/models/m:predict", "/v1/models/other:predict", "/v1/models/m:predict", "/v1/models/other/x"];
  const answers = await tell(gateway, [...paths, ...paths]);
  const want = ["Servable not found", "up", "Servable not found", "up"];
  for (const [i, answer] of answers.entries()) expect(answer).toContain(want[i % 4]);
  expect(answers).toHaveLength(8);
});

test("an existing TensorFlow Serving keeps its clients' URLs beside the gateway's own models", async () => {
  const models = [{ name: "half_plus_two", path: join(MODELS, "half_plus_two") }];
  await using serving = await startTensorgate({ models });
  await serving.ready();
  await using gateway = await startPassing([
    { prefix: "/v1/models/other", rewritePrefix: "/v1/models/half_plus_two", upstream: serving.rest },
    { prefix: "/v1/models/half_plus_two", rewritePrefix: "/v1/models/half_plus_two", upstream: serving.rest },
  ]);
  for (const model of ["other", "half_plus_two"]) {
    const reply = await gateway.predict(model, { instances: [1, 2, 5] });
    expect(reply.json).toEqual({ predictions: [2.5, 3, 4.5] });
    expect((await gateway.get(`/v1/models/${model}`)).json).toEqual(
      (await serving.get("/v1/models/half_plus_two")).json,
    );
  }
  const wrong = await gateway.predict("other", { instances: "no" });
  expect(wrong.status).toBe(400);
  expect(wrong.json).toHaveProperty("error");
  expect((await gateway.predict("third", { instances: [1] })).status).toBe(404);
});

test("the longest prefix decides, and the gateway's own paths stay its own", async () => {
  await using all = await startUpstream(named("all"));
  await using some = await startUpstream(named("some"));
  await using gateway = await startPassing([
    { prefix: "/", upstream: all.origin },
    { prefix: "/a/b", upstream: some.origin },
  ]);
  const texts = await Promise.all(
    ["/", "/a", "/a/b", "/a/b/c", "/a/bc"].map(async (path) => (await gateway.get(path)).text),
  );
  expect(texts).toEqual(["all", "all", "some", "some", "all"]);
  expect((await gateway.get("/healthz")).json).toEqual({ status: "ok" });
  expect((await gateway.get("/v1/models")).json).toEqual({ models: [] });
  expect((await gateway.get("/admin/x")).status).toBe(404);
});
