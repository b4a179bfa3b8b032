import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect } from "vitest";
import { printed } from "../setup/clients.ts";
import { testWith } from "../setup/programs.ts";
import { MODELS, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

const test = testWith("curl");

const PREDICT = "/v1/models/half_plus_two:predict";
const ROWS = '{"instances": [1.0, 2.0, 5.0]}';
const ANSWER = { predictions: [2.5, 3, 4.5] };

let gateway: Tensorgate;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-curl-"));
  gateway = await startTensorgate({
    models: [{ name: "half_plus_two", path: join(MODELS, "half_plus_two"), versions: "all", labels: { stable: 123 } }],
  });
  await gateway.ready();
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** What curl prints with `-i`, in its two parts. */
async function curl(path: string, ...flags: readonly string[]): Promise<{ head: string; body: string }> {
  const [head = "", ...body] = (await printed("curl", ["-sS", "-i", ...flags, gateway.rest + path])).split("\r\n\r\n");
  return { head, body: body.join("\r\n\r\n") };
}

const rows = (count: number): string => JSON.stringify({ instances: Array.from({ length: count }, (_, i) => i) });
const halves = (count: number) => ({ predictions: Array.from({ length: count }, (_, i) => i / 2 + 2) });

for (const { name, path = PREDICT, flags, want } of [
  { name: "-d, which calls it a form", flags: ["-d", ROWS], want: ANSWER },
  {
    name: "the headers of --json",
    flags: ["-H", "Content-Type: application/json", "-H", "Accept: application/json", "-d", ROWS],
    want: ANSWER,
  },
  { name: "columns", flags: ["-d", '{"inputs": {"x": [[1.0], [2.0]]}}'], want: { outputs: [[2.5], [3]] } },
  { name: "one column without its name", flags: ["-d", '{"inputs": [1.0]}'], want: { outputs: [2.5] } },
  { name: "a version", path: "/v1/models/half_plus_two/versions/123:predict", flags: ["-d", ROWS], want: ANSWER },
  { name: "a label", path: "/v1/models/half_plus_two/labels/stable:predict", flags: ["-d", ROWS], want: ANSWER },
  {
    name: "a regression",
    path: "/v1/models/half_plus_two:regress",
    flags: ["-d", '{"signature_name": "regress_x_to_y", "examples": [{"x": [2.5]}]}'],
    want: { results: [3.25] },
  },
  { name: "a body in chunks", flags: ["-H", "Transfer-Encoding: chunked", "-d", ROWS], want: ANSWER },
  { name: "HTTP/1.0", flags: ["--http1.0", "-d", ROWS], want: ANSWER },
  { name: "an answer that may be compressed", flags: ["--compressed", "-d", rows(5_000)], want: halves(5_000) },
]) {
  test(`predicts: ${name}`, async () => {
    const { head, body } = await curl(path, ...flags);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/content-type: application\/json/i);
    expect(JSON.parse(body)).toEqual(want);
  });
}

test("a body that gzip packed is unpacked", async () => {
  const packed = file("rows.gz", gzipSync(rows(1_000)));
  const { body } = await curl(PREDICT, "-H", "Content-Encoding: gzip", "--data-binary", `@${packed}`);
  expect(JSON.parse(body)).toEqual(halves(1_000));
});

test("a body that says it is packed and is not is refused", async () => {
  const { head, body } = await curl(PREDICT, "-H", "Content-Encoding: gzip", "-d", ROWS);
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(body)).toEqual({ error: expect.stringContaining("cannot be inflated") });
});

test("curl asks before it sends a big body, and is told to go on", async () => {
  const big = file("big.json", rows(400_000));
  const flags = ["-H", "Expect: 100-continue", "--data-binary", `@${big}`];
  const { head, body } = await curl(PREDICT, ...flags);
  expect(head).toMatch(/^HTTP\/1\.1 100 Continue/);
  expect(JSON.parse(body.slice(body.indexOf("\r\n\r\n")))).toEqual(halves(400_000));
});

for (const { name, path = PREDICT, flags, status, want } of [
  { name: "no JSON", flags: ["-d", "instances=1"], status: 400, want: "JSON Parse error: Invalid value. at offset: 0" },
  {
    name: "a form with a file",
    flags: ["-F", "instances=[1]"],
    status: 400,
    want: "JSON Parse error: ",
  },
  {
    name: "an unknown model",
    path: "/v1/models/nobody:predict",
    flags: ["-d", ROWS],
    status: 404,
    want: "Servable not found for request: Latest(nobody)",
  },
  { name: "PUT", flags: ["-X", "PUT", "-d", ROWS], status: 400, want: `Malformed request: PUT ${PREDICT}` },
  { name: "no body to predict", flags: [], status: 400, want: `Malformed request: GET ${PREDICT}` },
]) {
  test(`is told what is wrong: ${name}`, async () => {
    const { head, body } = await curl(path, ...flags);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(JSON.parse(body)).toEqual({ error: expect.stringContaining(want) });
  });
}

test("--fail ends with 22 at an error", async () => {
  await expect(curl("/v1/models/nobody", "--fail")).rejects.toMatchObject({ code: 22 });
});

/** But for the moment at which it was given. */
function withoutDate(head: string): string {
  return head.replace(/^date: .*$/im, "");
}

for (const path of ["/healthz", "/readyz"]) {
  test(`HEAD ${path} has GET's headers and no body`, async () => {
    const [head, get] = await Promise.all([curl(path, "--head"), curl(path)]);
    expect(withoutDate(head.head)).toBe(withoutDate(get.head));
    expect(head.body).toBe("");
    expect(Number(/content-length: (\d+)/i.exec(head.head)?.[1])).toBe(Buffer.byteLength(get.body));
  });
}

test("HEAD of a model is no request of the API", async () => {
  const { head, body } = await curl("/v1/models/half_plus_two", "--head");
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(body).toBe("");
});

for (const { name, flags, status } of [
  { name: "with an origin is welcome", flags: ["-H", "Origin: https://example.org"], status: 200 },
  { name: "without one is not", flags: [], status: 400 },
]) {
  test(`OPTIONS ${name}`, async () => {
    const { head, body } = await curl(PREDICT, "-X", "OPTIONS", ...flags);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(body).toBe("");
  });
}

test("several requests share one connection, errors too", async () => {
  const urls = [PREDICT, "/v1/models/nobody:predict", PREDICT].map((path) => gateway.rest + path);
  const flags = ["-sS", "-d", ROWS, "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null"];
  const text = await printed("curl", [...flags, "-w", "%{http_code} %{num_connects}\n", ...urls]);
  expect(text.trim().split("\n")).toEqual(["200 1", "404 0", "200 0"]);
});
