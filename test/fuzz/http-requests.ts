import { gzipSync } from "node:zlib";
import { mutated, type Random } from "./random.ts";
import type { Exchange } from "./raw-exchange.ts";

interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const DTYPES = ["float", "double", "int8", "uint8", "int64", "uint64", "string", "bool", "half", "complex64", "qint8"];
const HALF = "/v1/models/half_plus_two";

function post(path: string, body: string): HttpRequest {
  return { method: "POST", path, headers: ["Content-Type: application/json"], body: Buffer.from(body) };
}

function get(path: string): HttpRequest {
  return { method: "GET", path, headers: [], body: Buffer.alloc(0) };
}

/** Good requests of every kind. */
const SAMPLES: readonly HttpRequest[] = [
  post(`${HALF}:predict`, '{"instances": [1.0, 2.0, 5.0]}'),
  post(`${HALF}/versions/123:predict`, '{"inputs": {"x": [[1.5], [-2e3]]}, "signature_name": "serving_default"}'),
  post(`${HALF}/labels/stable:predict`, '{"instances": [{"x": [1, 2]}, {"x": [3, 4]}]}'),
  post(`${HALF}:regress`, '{"signature_name": "regress_x_to_y", "context": {"q": 1}, "examples": [{"x": [2.5]}]}'),
  post(`${HALF}:classify`, '{"signature_name": "classify_x_to_y", "examples": [{"x": 2.5, "z": [true, 1]}, {}]}'),
  post("/v1/models/strings:predict", '{"instances": ["a", {"b64": "aGk="}, "\\u00e9\\ud83d\\ude00"]}'),
  ...DTYPES.map((name) => {
    const value = name === "string" ? '"a"' : name === "bool" ? "true" : "1";
    return post("/v1/models/every_dtype:predict", `{"signature_name": "${name}", "inputs": [[${value}], [${value}]]}`);
  }),
  get("/v1/models"),
  get(HALF),
  get(`${HALF}/versions/124`),
  get(`${HALF}/metadata`),
  get(`${HALF}/labels/stable/metadata`),
  get("/healthz"),
  get("/readyz"),
  get("/metrics"),
  { ...get(`${HALF}:predict`), method: "OPTIONS", headers: ["Origin: http://example.org"] },
];
const BODIES = SAMPLES.map(({ body }) => body).filter(({ length }) => length > 0);
const PATHS = SAMPLES.map(({ path }) => Buffer.from(path));
const METHODS = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "get",
  "X",
];
const HEADERS = [
  "Content-Encoding: gzip",
  "Content-Encoding: br, x-gzip",
  "Accept-Encoding: gzip",
  "Accept-Encoding: br;q=1, *;q=0",
  "Content-Type: multipart/form-data; boundary=x",
  "Expect: 100-continue",
  "Expect: something",
  "Connection: close",
  "Connection: upgrade",
  "Upgrade: h2c",
  "Origin: null",
  "Access-Control-Request-Method: POST",
  "Range: bytes=0-1",
  "If-None-Match: *",
  "X-Forwarded-For: ::1, \u00ff",
  "traceparent: 00-zz",
  "grpc-timeout: 1n",
  "Host: other",
  "Content-Length: 0",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  `X-Long: ${"a".repeat(20_000)}`,
  ": empty",
  "no colon",
];

const BROKEN_MS = 100;

/** The bytes of a request that is good, or has a mistake in one of its parts, or in how the parts are put together. */
export function httpRequest(random: Random): Exchange {
  const sample = random.pick(SAMPLES);
  let { method, path, body } = sample;
  const headers = [...sample.headers];
  if (random.chance(0.1)) method = random.pick(METHODS);
  if (random.chance(0.25))
    path = mutated(random, Buffer.from(path), PATHS, 2)
      .toString("latin1")
      .replace(/[\r\n]/g, "");
  if (random.chance(0.02)) path += "a".repeat(random.pick([1_000, 7_000, 20_000]));
  if (random.chance(0.65)) body = mutated(random, body, BODIES);
  if (random.chance(0.02)) body = nested(random);
  if (random.chance(0.15)) {
    headers.push("Content-Encoding: gzip");
    body = gzipSync(body);
    if (random.chance(0.3)) body = mutated(random, body, BODIES, 2);
  }
  const odd = random.chance(0.15);
  if (odd) headers.push(random.pick(HEADERS));
  const short = random.chance(0.05);
  const bytes = assembled(random, method, path, headers, body, short ? random.below(2 * body.length + 2) : body.length);
  if (random.chance(0.1)) return { bytes: mutated(random, bytes, BODIES), patienceMs: BROKEN_MS };
  if (random.chance(0.03)) return { bytes, patienceMs: 0 };
  return { bytes, patienceMs: odd || short || method === "CONNECT" || !/^[!-~]*$/.test(path) ? BROKEN_MS : Infinity };
}

/** Brackets in one another, not always closed. */
function nested(random: Random): Buffer {
  const depth = random.pick([100, 10_000, 200_000]);
  const [open, close] = random.pick([
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"b64":', "}]"],
  ] as const);
  return Buffer.from(`{"instances": ${open.repeat(depth)}${random.chance(0.5) ? `1${close.repeat(depth)}` : ""}}`);
}

function assembled(
  random: Random,
  method: string,
  path: string,
  headers: readonly string[],
  body: Buffer,
  length: number,
): Buffer {
  const chunked = random.chance(0.15);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    ...headers,
    ...(body.length === 0 ? [] : [chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`]),
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return Buffer.concat([head, chunked && body.length > 0 ? inChunks(random, body) : body]);
}

/** Whether an answer's head is there, after any that only tells to go on. */
export function isAnswered(received: string): boolean {
  return received.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "").includes("\r\n\r\n");
}

function inChunks(random: Random, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const part = body.subarray(at, at + 1 + random.below(body.length));
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
    at += part.length;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}
