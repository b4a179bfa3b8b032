import { gzipSync } from "node:zlib";
import { describe } from "vitest";
import { holds, modelsNamed, sharedGateway } from "./cases.ts";

const ODD = { name: "!#$%&'()*+,/:;=?@[] é", path: modelsNamed("half_plus_two")[0]?.path };
const gateway = sharedGateway({
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({
      ...model,
      versions: "all",
      labels: { stable: 123, "odd/label:1 %": 124 },
    })),
    ODD,
    { ...ODD, name: "versions" },
  ],
  server: { monitoring: { path: "/v1/metrics-too" } },
});

const ROWS = '{"instances": [1.0, 2.0]}';
const ANSWER = '{\n    "predictions": [2.5, 3.0\n    ]\n}';
const odd = encodeURIComponent(ODD.name);
const post = (path: string, body = ROWS) => ({ path, body });
const get = (path: string) => ({ path: `/v1/models/${path}` });
const options = (path: string, origin?: string) => ({
  method: "OPTIONS",
  path,
  headers: origin === undefined ? {} : { origin },
});
const TOO_LONG = "9223372036854775808";

describe("dispatch", () => {
  holds(gateway, [
    // Outside of /v1/ a page, not JSON.
    ...["/", "/v1", "/v1x/models", "/v2/models/m", "//v1/models/m"].map((path) => ({
      request: { path },
      status: 404,
      headers: { "content-type": "text/html" },
    })),
    { request: { path: "/v1/" }, status: 400, error: "Malformed request: GET /v1/" },
    { request: { path: "/V1/nothing" }, status: 400, error: "Malformed request: GET /V1/nothing" },
    ...["TRACE", "PROPFIND", "LOCK"].map((method) => ({
      request: { method, path: "/v1/models/half_plus_two" },
      status: 501,
      headers: { "content-type": "text/html" },
    })),
    ...["PUT", "DELETE", "PATCH"].map((method) => ({
      request: { method, path: "/v1/models/half_plus_two:predict", body: ROWS },
      status: 400,
      error: `Malformed request: ${method} /v1/models/half_plus_two:predict`,
    })),
    { request: { method: "HEAD", path: "/v1/models/half_plus_two" }, status: 400, text: "" },
    { name: "the monitoring path goes before the API", request: { path: "/v1/metrics-too" } },
  ]);
});

describe("bodies", () => {
  const path = "/v1/models/half_plus_two:predict";
  const gzip = { "content-encoding": "gzip" };
  holds(gateway, [
    ...["text/plain", "application/x-www-form-urlencoded", "image/png", ";"].map((type) => ({
      name: `Content-Type ${type} is ignored`,
      request: { path, body: ROWS, headers: { "content-type": type } },
      text: ANSWER,
    })),
    {
      name: "answers are JSON with their length, and not compressed",
      request: post(path),
      text: ANSWER,
      headers: {
        "content-type": "application/json",
        "content-length": String(ANSWER.length),
        "content-encoding": null,
      },
    },
    { name: "gzip is inflated", request: { path, body: gzipSync(ROWS), headers: gzip }, text: ANSWER },
    {
      name: "gzip among other encodings is inflated",
      request: { path, body: gzipSync(ROWS), headers: { "content-encoding": "identity, x-gzip" } },
      text: ANSWER,
    },
    {
      name: "what says gzip and is none counts as no body",
      request: { path, body: ROWS, headers: gzip },
      status: 400,
      error: "JSON Parse error: The document is empty",
    },
    {
      name: "another encoding is not looked at",
      request: { path, body: ROWS, headers: { "content-encoding": "br" } },
      text: ANSWER,
    },
  ]);
});

describe("predict, classify and regress", () => {
  const body = '{"signature_name": "regress_x_to_y", "examples": [{"x": 1.0}]}';
  holds(gateway, [
    { request: post("/v1/models/half_plus_two:predict"), text: ANSWER },
    { request: post("/v1/models/half_plus_two/versions/123:predict"), text: ANSWER },
    { request: post("/v1/models/half_plus_two/versions/000123:predict"), text: ANSWER },
    { request: post("/v1/models/half_plus_two/labels/stable:predict"), text: ANSWER },
    { request: post(`/v1/models/half_plus_two/labels/${encodeURIComponent("odd/label:1 %")}:predict`), text: ANSWER },
    { request: post(`/v1/models/${odd}:predict`), text: ANSWER },
    { request: post("/v1/models/h%61lf_plus_two:predict"), text: ANSWER },
    { request: post("/V1/Models/half_plus_two/Versions/123:predict"), text: ANSWER },
    { request: post("/v1/models/versions:predict"), text: ANSWER },
    { request: post("/v1/models/half_plus_two:regress", body), text: '{\n    "results": [2.5]\n}' },
    ...[
      "/v1/models",
      "/v1/models/half_plus_two",
      "/v1/models/:predict",
      "/v1/models/half_plus_two:ask",
      "/v1/models/half_plus_two:PREDICT",
      "/v1/models/half_plus_two:Regress",
      "/v1/models/half_plus_two/:predict",
      "/v1/models/half/plus:predict",
      "/v1/models/half:plus:predict",
      "/v1/models/half_plus_two:predict/",
      "/v1/models/half_plus_two/metadata",
      "/v1/models/half_plus_two/version/123:predict",
      "/v1/models/half_plus_two/versions/:predict",
      "/v1/models/half_plus_two/versions/-1:predict",
      "/v1/models/half_plus_two/versions/one:predict",
      "/v1/models/half_plus_two/versions/123/labels/stable:predict",
      "/v1/models/half_plus_two/label/stable:predict",
      "/v1/models/half_plus_two/labels/a:b:predict",
      "/v1/foo",
    ].map((path) => ({ request: post(path), status: 400, error: `Malformed request: POST ${path}` })),
    {
      name: "a name's letter case counts",
      request: post("/v1/models/HALF_plus_two:predict"),
      status: 404,
      error: "Servable not found for request: Latest(HALF_plus_two)",
    },
    {
      name: "+ is no space",
      request: post(`/v1/models/${odd.replaceAll("%20", "+")}:predict`),
      status: 404,
      error: "Servable not found for request: Latest(!#$%&'()*+,/:;=?@[]+é)",
    },
  ]);
});

describe("status and metadata", () => {
  const ok = { error_code: "OK", error_message: "" };
  const versions = (...numbers: string[]) => ({
    model_version_status: numbers.map((version) => ({ version, state: "AVAILABLE", status: ok })),
  });
  holds(gateway, [
    { request: get("half_plus_two"), json: versions("124", "123") },
    { request: get("half_plus_two/versions/123"), json: versions("123") },
    {
      name: "a label in a status URL is ignored",
      request: get("half_plus_two/labels/stable"),
      json: versions("124", "123"),
    },
    { name: "even an unknown one", request: get("half_plus_two/labels/nobody"), json: versions("124", "123") },
    { name: "METADATA is the status", request: get("half_plus_two/METADATA"), json: versions("124", "123") },
    { request: get(odd), json: versions("124") },
    { name: "a model may be called versions", request: get("versions"), json: versions("124") },
    { request: get("half_plus_two/metadata") },
    { request: get("half_plus_two/versions/123/metadata") },
    { request: get("half_plus_two/labels/stable/metadata") },
    ...["versions/5", "labels/x", "versions/5/metadata", "labels/x/metadata"].map((path) => ({
      request: get(path),
      status: 400,
      error: "Missing model name in request.",
    })),
    ...[
      "",
      "half_plus_two/",
      "half_plus_two:predict",
      "half_plus_two/versions/one",
      "half_plus_two/status",
      "a/b/c",
    ].map((path) => ({ request: get(path), status: 400, error: `Malformed request: GET /v1/models/${path}` })),
  ]);
});

describe("what cannot be decoded is 400 with an empty body", () => {
  holds(
    gateway,
    [
      { path: `/v1/models/half_plus_two/versions/${TOO_LONG}` },
      { path: `/v1/models/half_plus_two/versions/${TOO_LONG}/metadata` },
      { path: `/v1/models/versions/${TOO_LONG}` },
      post(`/v1/models/half_plus_two/versions/${TOO_LONG}:predict`),
      post(`/v1/models/nobody/versions/${TOO_LONG}:PREDICT`, ""),
      post("/v1/models/%zz:predict"),
      { path: "/v1/models/half_plus_two/labels/%1" },
    ].map((request) => ({ request, status: 400, text: "", headers: { "content-type": "application/json" } })),
  );
});

describe("OPTIONS and CORS without the flag", () => {
  const allow = { "access-control-allow-origin": null, "access-control-allow-methods": null };
  holds(gateway, [
    { request: options("/v1/models/half_plus_two:predict", "http://a.example"), text: "", headers: allow },
    { request: options("/v1/anything", "https://a.example:8443"), text: "", headers: allow },
    { name: "no origin", request: options("/v1/models"), status: 400, text: "", headers: allow },
    { name: "an origin that is none", request: options("/v1/models", "null"), status: 400, text: "", headers: allow },
    { name: "a file", request: options("/v1/models", "file://x"), status: 400, text: "" },
    {
      name: "an answer",
      request: { ...post("/v1/models/half_plus_two:predict"), headers: { origin: "http://a.example" } },
      headers: allow,
    },
  ]);
});
