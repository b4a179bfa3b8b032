import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

let rest: RestUnderTest;
beforeAll(async () => {
  rest = await startRest();
});
afterAll(() => rest[Symbol.asyncDispose]());

const EXAMPLES = '{"examples": [{"a": 1.0}, {"a": 2.0}]}';

for (const { name, path, body, want } of [
  { name: "predict in rows", path: ":predict", body: '{"instances": [1, 2]}', want: { predictions: [2.5, 3] } },
  { name: "predict in columns", path: ":predict", body: '{"inputs": [1, 2]}', want: { outputs: [2.5, 3] } },
  { name: "a version", path: "/versions/1:predict", body: '{"instances": [1]}', want: { predictions: [2.5] } },
  { name: "a label", path: "/labels/stable:predict", body: '{"instances": [1]}', want: { predictions: [2.5] } },
  { name: "a query", path: ":predict?pretty=1", body: '{"instances": [1]}', want: { predictions: [2.5] } },
  {
    name: "letter case in the path",
    path: "/VERSIONS/1:predict",
    body: '{"instances": [1]}',
    want: { predictions: [2.5] },
  },
  { name: "classify", path: ":classify", body: EXAMPLES, want: { results: [[["even", 1]], [["even", 1]]] } },
  { name: "regress", path: ":regress", body: EXAMPLES, want: { results: [1, 1] } },
]) {
  test(`${name} is answered as JSON`, async () => {
    const reply = await rest.ask("POST", `/v1/models/half${path}`, { body });
    expect(reply.json, reply.text).toEqual(want);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json");
  });
}

test("a version, and a label's version, is what the call asks for", async () => {
  for (const path of ["", "/versions/1", "/labels/stable"]) {
    await rest.ask("POST", `/v1/models/half${path}:predict`, { body: '{"instances": [1]}' });
  }
  expect(rest.backend.calls.slice(-3).map(({ spec }) => spec.choice)).toEqual([
    { by: "latest" },
    { by: "version", version: 1n },
    { by: "label", label: "stable" },
  ]);
});

const PREDICT = "/v1/models/half:predict";
for (const { method, path, body, status, error } of [
  // Where the URL is at fault, nothing else is looked at.
  {
    method: "POST",
    path: "/v1/models/half:ask",
    body: "no JSON",
    status: 400,
    error: "Malformed request: POST /v1/models/half:ask",
  },
  {
    method: "POST",
    path: "/v1/models/half:PREDICT",
    body: "",
    status: 400,
    error: "Malformed request: POST /v1/models/half:PREDICT",
  },
  {
    method: "POST",
    path: "/v1/models/a/b:predict",
    body: "",
    status: 400,
    error: "Malformed request: POST /v1/models/a/b:predict",
  },
  {
    method: "POST",
    path: "/v1/models/%ff:predict",
    body: "{}",
    status: 404,
    error: "Servable not found for request: Latest(\u{fffd})",
  },
  {
    method: "POST",
    path: "/v1/models/half",
    body: "{}",
    status: 400,
    error: "Malformed request: POST /v1/models/half",
  },
  { method: "GET", path: PREDICT, status: 400, error: `Malformed request: GET ${PREDICT}` },
  { method: "PUT", path: PREDICT, body: "{}", status: 400, error: `Malformed request: PUT ${PREDICT}` },
  { method: "DELETE", path: "/v1/models/half", status: 400, error: "Malformed request: DELETE /v1/models/half" },
  { method: "PATCH", path: "/v1/models/half", status: 400, error: "Malformed request: PATCH /v1/models/half" },
  { method: "GET", path: "/v1/", status: 400, error: "Malformed request: GET /v1/" },
  { method: "GET", path: "/v1/models/", status: 400, error: "Malformed request: GET /v1/models/" },
  { method: "GET", path: "/v1/models/versions/5", status: 400, error: "Missing model name in request." },
  { method: "GET", path: "/v1/nothing?x=1", status: 400, error: "Malformed request: GET /v1/nothing?x=1" },
  // The body is read before the model is looked up.
  {
    method: "POST",
    path: "/v1/models/nobody:predict",
    body: "",
    status: 400,
    error: "JSON Parse error: The document is empty",
  },
  {
    method: "POST",
    path: "/v1/models/nobody:predict",
    body: "{}",
    status: 404,
    error: "Servable not found for request: Latest(nobody)",
  },
  {
    method: "POST",
    path: "/v1/models/nobody:classify",
    body: "{}",
    status: 400,
    error: "key 'examples' is expected and was not found",
  },
  {
    method: "POST",
    path: "/v1/models/half/versions/7:predict",
    body: "{}",
    status: 404,
    error: "Servable not found for request: Specific(half, 7)",
  },
  {
    method: "POST",
    path: "/v1/models/half/labels/x:predict",
    body: "{}",
    status: 400,
    error: "Unrecognized servable version label: x",
  },
  {
    method: "POST",
    path: PREDICT,
    body: '{"signature_name": "x"}',
    status: 400,
    error: 'Serving signature name: "x" not found in signature def',
  },
  {
    method: "POST",
    path: PREDICT,
    body: '{"signature_name": "constant", "inputs": {}}',
    status: 400,
    error: "Failed to get input map for signature: constant",
  },
  { method: "POST", path: PREDICT, body: "{}", status: 400, error: "Missing 'inputs' or 'instances' key" },
  { method: "GET", path: "/v1/models/nobody", status: 404, error: "Could not find any versions of model nobody" },
  { method: "GET", path: "/v1/models/half/versions/7", status: 404, error: "Could not find version 7 of model half" },
  {
    method: "GET",
    path: "/v1/models/nobody/metadata",
    status: 404,
    error: "Servable not found for request: Latest(nobody)",
  },
]) {
  test(`${method} ${path} with ${body ?? "no body"} is ${status}`, async () => {
    const reply = await rest.ask(method, path, body === undefined ? {} : { body });
    expect(reply.json, reply.text).toEqual({ error: expect.stringContaining(error) });
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toBe("application/json");
  });
}

test("HEAD is no method of the API, and has no body to say so", async () => {
  expect(await rest.ask("HEAD", "/v1/models/half")).toMatchObject({ status: 400, text: "" });
});

for (const [method, path] of [
  ["GET", "/v1/models/half/versions/99999999999999999999"],
  ["GET", "/v1/models/versions/99999999999999999999"],
  ["POST", "/v1/models/half/versions/99999999999999999999:PREDICT"],
  ["POST", "/v1/models/%zz:predict"],
  ["GET", "/v1/models/half/labels/%e4%b"],
] as const) {
  test(`${method} ${path} is 400 without a word`, async () => {
    const reply = await rest.ask(method, path);
    expect(reply).toMatchObject({ status: 400, text: "" });
    expect(reply.headers.get("content-type")).toBe("application/json");
    expect(rest.lines.at(-1)).toMatchObject({ error: expect.stringMatching(/^Failed to (convert|decode)/) });
  });
}

for (const [method, path, status, title] of [
  ["GET", "/", 404, "404 Not Found"],
  ["GET", "/v1", 404, "404 Not Found"],
  ["POST", "/v2/models", 404, "404 Not Found"],
  ["GET", "/%zz", 404, "404 Not Found"],
  ["PROPFIND", "/", 501, "501 Not Implemented"],
  ["PROPFIND", "/v1/models/half", 501, "501 Not Implemented"],
  ["PURGE", "/metrics", 501, "501 Not Implemented"],
] as const) {
  test(`${method} ${path}, which is not the API, is a page of ${status}`, async () => {
    const reply = await rest.ask(method, path);
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toBe("text/html");
    expect(reply.text).toContain(`<title>${title}</title>`);
    expect(rest.lines.at(-1)).toMatchObject({ status, error: `nothing answers ${method} ${path}` });
  });
}

for (const line of ["CONNECT example.org:443 HTTP/1.1", "NONSENSE / HTTP/1.1"]) {
  test(`${line} is 501, and ends the connection`, async () => {
    const socket = rest.socket();
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(`${line}\r\nhost: x\r\n\r\n`);
    await once(socket, "close");
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 501 Not Implemented\r\n/);
  });
}

test("a Content-Type is not looked at", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "nonsense",
    ";",
    "application/json; charset=latin1",
  ]) {
    const reply = await rest.ask("POST", PREDICT, { body: '{"instances": [1]}', headers: { "content-type": type } });
    expect(reply.json, type).toEqual({ predictions: [2.5] });
  }
});
