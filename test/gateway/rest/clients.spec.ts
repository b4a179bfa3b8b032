import { afterAll, beforeAll, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest({ maxBytes: 20_000_000 });
  rest.backend.authenticate = (header) => {
    const token = header("authorization");
    if (token === "Bearer wrong") throw new InferenceError("UNAUTHENTICATED", "no", { origin: "client" });
    return token?.replace("Bearer ", "");
  };
});
afterAll(() => rest[Symbol.asyncDispose]());

const BODY = JSON.stringify({ instances: [1] });
const by = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

test("a call has the name of its client", async () => {
  await rest.ask("POST", "/v1/models/half:predict", { ...by("acme"), body: BODY });
  await rest.ask("POST", "/v1/models/half:predict", { body: BODY });
  expect(rest.backend.calls.map(({ client }) => client)).toEqual(["acme", undefined]);
});

for (const [method, path, body] of [
  ["POST", "/v1/models/half:predict", BODY],
  ["POST", "/v1/models/half:classify", "no JSON"],
  ["GET", "/v1/models"],
  ["GET", "/v1/models/half/metadata"],
  ["GET", "/v1/models/%zz"],
  ["GET", "/v1/nothing"],
] as const) {
  test(`${method} ${path} is 401 for a wrong token, and says how to prove who one is`, async () => {
    const reply = await rest.ask(method, path, { ...by("wrong"), ...(body === undefined ? {} : { body }) });
    expect([reply.status, reply.json]).toEqual([401, { error: "no" }]);
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
  });
}

test("a browser may ask first without a token", async () => {
  const headers = { origin: "https://a.example", authorization: "Bearer wrong" };
  expect((await rest.ask("OPTIONS", "/v1/models/half:predict", { headers })).status).toBe(200);
});

test("a body of a client that is refused is not waited for", async () => {
  const socket = rest.socket();
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const head = "POST /v1/models/half:predict HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer wrong\r\n";
  socket.write(`${head}Content-Length: 10000000\r\n\r\n{`);
  await expect.poll(() => text).toContain("401 Unauthorized");
  expect(text.toLowerCase()).toContain("connection: close");
  socket.destroy();
});
