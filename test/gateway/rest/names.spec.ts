import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

const NAMES = ["模型/a:b %", "a+b", "#?", "__proto__", "metadata", "..", "\u0000", "n".repeat(3000)];

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({ names: NAMES });
});
afterAll(() => rest[Symbol.asyncDispose]());

for (const name of NAMES) {
  test(`${JSON.stringify(name).slice(0, 30)}, percent-encoded, names a model`, async () => {
    // fetch would take an encoded ".." for a step up.
    const path = `/v1/models/${[...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`;
    expect(await raw(`POST ${path}:predict HTTP/1.1`, '{"instances": [1]}')).toMatch(/^HTTP\/1.1 200 .*2\.5/s);
    expect(rest.backend.calls.at(-1)?.spec.name).toBe(name);
    expect(await raw(`GET ${path} HTTP/1.1`)).toMatch(/^HTTP\/1.1 200 .*model_version_status/s);
    expect(await raw(`GET ${path}/labels/stable/metadata HTTP/1.1`)).toMatch(/^HTTP\/1.1 200 .*"version": "1"/s);
  });
}

test("letter case counts in a name", async () => {
  expect((await rest.ask("GET", "/v1/models/A+B")).status).toBe(404);
});

test("a name in bare UTF-8 is no HTTP, and is told so", async () => {
  expect(await raw("GET /v1/models/模型 HTTP/1.1")).toMatch(/^HTTP\/1.1 400 .*Invalid char in url path/s);
});

test("a target with scheme and host is answered as the path alone", async () => {
  expect(await raw("GET http://example.org/v1/models/a+b HTTP/1.1")).toMatch(/^HTTP\/1.1 200 /);
});

async function raw(requestLine: string, body = ""): Promise<string> {
  const socket = rest.socket();
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.write(`${requestLine}\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}
