import { afterEach, beforeEach, expect, test } from "vitest";
import { InferenceError } from "../../../core/index.ts";
import { createAccessLog } from "../../../gateway/observe/index.ts";
import { startGrpc } from "../setup/grpc.ts";
import { memoryLog } from "../setup/log.ts";
import { type RestUnderTest, startRest } from "../setup/rest.ts";

let rest: RestUnderTest;
beforeEach(async () => {
  rest = await startRest();
});
afterEach(() => rest[Symbol.asyncDispose]());

const BODY = { body: '{"instances": [1, 2, 4]}' };
const PREDICT = "/v1/models/half:predict";

const LABELS = ["protocol", "method", "model", "version", "signature", "code"];

/** `protocol method model version signature code = count` of each series that there is. */
function counted(metrics: string): string[] {
  return [...metrics.matchAll(/^tensorgate_requests_total\{(.*)\} (\d+)$/gm)].map(([, labels = "", count]) => {
    const values = LABELS.map((name) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] || "-");
    return `${values.join(" ")} = ${count}`;
  });
}

test("a request is counted once, under what answered it", async () => {
  await rest.ask("POST", PREDICT, BODY);
  await rest.ask("POST", "/v1/models/half/labels/stable:predict", BODY);
  await rest.ask("POST", PREDICT, BODY);
  expect(counted(await rest.metrics())).toEqual([
    "rest Predict half 2 serving_default OK = 2",
    "rest Predict half 1 serving_default OK = 1",
  ]);
});

test("gRPC counts the same way", async () => {
  await using grpc = await startGrpc();
  const spec = Buffer.from([0x0a, 6, 0x0a, 4, ...Buffer.from("half")]);
  await grpc.ask({
    path: "/tensorflow.serving.PredictionService/MultiInference",
    message: Buffer.from([0x0a, 8, ...spec]),
  });
  await grpc.ask({ path: "/tensorflow.serving.ModelService/GetModelStatus", message: spec });
  expect(counted(await grpc.metrics())).toEqual([
    "grpc MultiInference half 2 serving_default OK = 1",
    "grpc GetModelStatus half - - OK = 1",
  ]);
});

test("no text of a client becomes a label", async () => {
  await rest.ask("POST", "/v1/models/evil:predict", BODY);
  await rest.ask("GET", "/v1/models/evil/versions/6");
  await rest.ask("POST", "/v1/models/half/versions/666:predict", BODY);
  await rest.ask("POST", PREDICT, { body: '{"signature_name": "evil", "instances": [1]}' });
  await rest.ask("POST", "/v1/evil", BODY);
  await rest.ask("GET", "/evil");
  const metrics = await rest.metrics();
  expect(counted(metrics)).toEqual([
    "rest Predict - - - NOT_FOUND = 1",
    "rest GetModelStatus - - - NOT_FOUND = 1",
    "rest Predict half - - NOT_FOUND = 1",
    "rest Predict half 2 - INVALID_ARGUMENT = 1",
    "rest Unknown - - - INVALID_ARGUMENT = 1",
    "rest Unknown - - - NOT_FOUND = 1",
  ]);
  expect(metrics).not.toMatch(/evil|"666"/);
});

test("what is in flight is told, and gone once it is answered", async () => {
  const inFlight = 'tensorgate_requests_in_flight{protocol="rest",method="Predict",model="half"}';
  const { serveWith } = rest.backend;
  let during = "";
  rest.backend.serveWith = async (call, target) => {
    during = await rest.metrics();
    return await serveWith(call, target);
  };
  await rest.ask("POST", PREDICT, BODY);
  expect(during).toContain(`${inFlight} 1\n`);
  expect(await rest.metrics()).toContain(`${inFlight} 0\n`);
});

test("an access is one line", async () => {
  const reply = await rest.ask("POST", `${PREDICT}?secret`, BODY);
  expect(rest.lines).toEqual([
    expect.objectContaining({
      level: 30,
      msg: "access",
      protocol: "rest",
      method: "Predict",
      request: `POST ${PREDICT}`,
      model: "half",
      version: "2",
      signature: "serving_default",
      code: "OK",
      status: 200,
      durationMs: expect.any(Number),
      bytesIn: BODY.body.length,
      bytesOut: reply.text.length,
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    }),
  ]);
});

test("the line of a failure says whose it was", async () => {
  rest.backend.serveWith = () =>
    Promise.reject(new InferenceError("UNAVAILABLE", "worker-0 is gone", { origin: "worker" }));
  await rest.ask("POST", "/v1/models/half/versions/1:predict", BODY);
  expect(rest.lines[0]).toMatchObject({
    version: "1",
    code: "UNAVAILABLE",
    status: 503,
    origin: "worker",
    error: "worker-0 is gone",
  });
});

test("a line is what the log would make of its facts, whatever a client has sent", async () => {
  const { log, lines } = memoryLog("info");
  const child = log.child({ worker: "w" });
  const request = 'POST /v1/models/"a\\b\u0007é\u2028"';
  createAccessLog(child)({
    arrival: { protocol: "rest", method: "Unknown", request, client: "[::1]:1" },
    outcome: { code: "NOT_FOUND", bytesIn: 0, bytesOut: 7, error: new InferenceError("NOT_FOUND", 'no "x"\n') },
    spec: undefined,
    target: undefined,
    client: "acme",
    seconds: 0.0012344,
  });
  const facts = { protocol: "rest", method: "Unknown", request, code: "NOT_FOUND", durationMs: 1.234, bytesIn: 0 };
  const rest = { bytesOut: 7, client: "[::1]:1", clientName: "acme", origin: "client", error: 'no "x"\n' };
  child.info({ ...facts, ...rest }, "access");
  const [ours, pinos] = lines.map((line) => ({ ...line, time: 0 }));
  expect(ours).toEqual(pinos);
  expect(Object.keys(ours ?? {})).toEqual(Object.keys(pinos ?? {}));
});

test("a gRPC access is one line too", async () => {
  await using grpc = await startGrpc();
  const request = "/tensorflow.serving.PredictionService/Predict";
  await grpc.ask({ path: request, message: Buffer.alloc(0) }).catch(() => {});
  expect(grpc.lines).toEqual([
    expect.objectContaining({
      msg: "access",
      protocol: "grpc",
      request,
      code: "INVALID_ARGUMENT",
      origin: "client",
      error: "Missing ModelSpec",
    }),
  ]);
});

test("a line is written by the level that the log has now", async () => {
  await using quiet = await startRest({ logLevel: "warn" });
  await quiet.ask("POST", PREDICT, BODY);
  expect(quiet.lines).toEqual([]);
  const { log, lines } = memoryLog("warn");
  log.level = "info";
  log.info("now");
  expect(lines).toHaveLength(1);
});
