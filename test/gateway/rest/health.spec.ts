import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { version } from "../../../core/index.ts";
import type { Merging } from "../../../gateway/call.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest();
});
afterAll(() => rest[Symbol.asyncDispose]());

test("/healthz answers as long as the process lives, ready or not", async () => {
  rest.backend.missingNow = ["no worker is connected"];
  expect((await rest.ask("GET", "/healthz")).status).toBe(200);
});

test("/readyz lists what is missing", async () => {
  rest.backend.missingNow = ["model m: version 1 is not loaded yet"];
  const waiting = await rest.ask("GET", "/readyz");
  expect(waiting).toMatchObject({ status: 503, json: ["model m: version 1 is not loaded yet"] });
  rest.backend.missingNow = [];
  expect(await rest.ask("GET", "/readyz")).toMatchObject({ status: 200, json: [] });
});

function row(version: string, merging: unknown): object {
  return { version, state: "AVAILABLE", status: { error_code: "OK", error_message: "" }, merging };
}

test("/statusz tells of everything at once, ready or not", async () => {
  rest.backend.missingNow = ["no worker is connected"];
  const waiting = await rest.ask("GET", "/statusz");
  expect(waiting.status).toBe(200);
  expect(waiting.json).toEqual({
    ready: false,
    missing: ["no worker is connected"],
    models: [{ name: "half", versions: [row("2", "off"), row("1", "off")] }],
  });

  rest.backend.missingNow = [];
  const refused: Merging = { is: "refused", reason: "it writes" };
  rest.backend.mergingNow = new Map([
    [
      version(2),
      new Map<string, Merging>([
        ["s", { is: "proven" }],
        ["r", refused],
      ]),
    ],
  ]);
  expect((await rest.ask("GET", "/statusz")).json).toMatchObject({
    ready: true,
    missing: [],
    models: [{ versions: [row("2", { r: refused, s: { is: "proven" } }), row("1", {})] }],
  });
});

test("the metrics are at /metrics", async () => {
  for (const path of ["/metrics", "/metrics?x=1"]) {
    const reply = await rest.ask("GET", path);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(reply.text).toContain("# TYPE tensorgate_requests_total counter");
  }
});

test("TensorFlow Serving's are at the monitoring path, whatever the method and the query", async () => {
  const path = "/monitoring/prometheus/metrics";
  await using on = await startRest({ monitoringPath: path });
  await on.ask("GET", "/v1/models/half");
  for (const [method, asked] of [
    ["GET", path],
    ["POST", path],
    ["GET", `${path}?x=1`],
  ] as const) {
    const reply = await on.ask(method, asked);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("text/plain");
    expect(reply.text).toContain(':tensorflow:serving:request_count{model_name="half",status="OK"} ');
  }
  expect((await on.ask("GET", "/monitoring")).status).toBe(404);
  await using off = await startRest();
  expect((await off.ask("GET", path)).status).toBe(404);
});

test("these requests are neither counted nor logged as accesses", async () => {
  await rest.ask("GET", "/healthz");
  expect(rest.lines).toEqual([]);
  expect(await rest.metrics()).not.toMatch(/^tensorgate_requests_total\{/m);
});

for (const { name, text, status } of [
  { name: "what is no HTTP", text: "hello\r\n\r\n", status: 400 },
  { name: "a header without end", text: `GET / HTTP/1.1\r\nx: ${"x".repeat(100_000)}`, status: 431 },
]) {
  test(`${name} is ${status}, and the connection ends`, async () => {
    const socket = rest.socket();
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(text);
    await once(socket, "close");
    const [head = "", body = ""] = Buffer.concat(chunks).toString().split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(body)).toEqual({ error: expect.stringContaining("Bad HTTP request") });
  });
}
