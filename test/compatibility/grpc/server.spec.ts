import { once } from "node:events";
import {
  Client,
  compressionAlgorithms,
  credentials,
  makeClientConstructor,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient } from "../../setup/grpc-client.ts";
import { modelsNamed } from "../rest/cases.ts";
import { floats, plain, sharedClient } from "./cases.ts";

const { client, gateway } = sharedClient({ models: modelsNamed("half_plus_two", "slow") });

let raw: Client;
beforeAll(() => {
  raw = new Client(gateway().grpc, credentials.createInsecure());
});
afterAll(() => raw.close());

const half = (...values: number[]) => ({
  model_spec: { name: "half_plus_two" },
  inputs: { x: floats([values.length], ...values) },
});
const same = (bytes: Buffer): Buffer => bytes;

/** The bytes of an answer, or `CODE: details`. */
function ask(path: string, message: Buffer): Promise<Buffer | string> {
  return new Promise((resolve) => {
    raw.makeUnaryRequest(
      path,
      same,
      same,
      message,
      { deadline: Date.now() + 10_000 },
      (error: ServiceError | null, answer) =>
        resolve(error === null ? (answer as Buffer) : `${status[error.code]}: ${error.details}`),
    );
  });
}

const PREDICT = "/tensorflow.serving.PredictionService/Predict";
/** model_spec { name: "half_plus_two" }, inputs { key: "x" value { dtype: DT_FLOAT float_val: 1 } } */
const ONE = Buffer.concat([
  Buffer.from("\n\u000f\n\rhalf_plus_two"),
  Buffer.from([0x12, 0x0d, 0x0a, 0x01, 0x78, 0x12, 0x08, 0x08, 0x01, 0x2a, 0x04, 0x00, 0x00, 0x80, 0x3f]),
]);

describe("a call", () => {
  test("ends at its deadline", async () => {
    const request = { model_spec: { name: "slow" }, inputs: { x: floats([1], 1), ms: floats([], 5_000) } };
    const startedMs = performance.now();
    expect(await client().outcome("Predict", request, { deadlineMs: 200 })).toMatch(/^DEADLINE_EXCEEDED: /);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await client().outcome("Predict", half(1))).toBe("OK");
  });

  test("may be larger than the 4 MiB that gRPC starts with, both ways", async () => {
    const float_val = Array.from({ length: 2 ** 21 }, () => 2);
    const request = {
      model_spec: { name: "half_plus_two" },
      inputs: { x: { ...floats([float_val.length]), float_val } },
    };
    const answer = await client().call("Predict", request);
    expect(answer["outputs"].y.float_val).toHaveLength(float_val.length);
  });

  test("may be compressed", async () => {
    const options = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
    const compressing = new GrpcClient(gateway().grpc, credentials.createInsecure(), options);
    try {
      expect(plain(await compressing.call("Predict", half(2)))["outputs"]).toEqual({ y: "DT_FLOAT [1] float_val 3" });
    } finally {
      compressing.close();
    }
  });

  test("may hold fields that nobody knows", async () => {
    const unknown = Buffer.from([0x98, 0x06, 0x07, 0xa2, 0x06, 0x01, 0x00]);
    const answers = await Promise.all([ask(PREDICT, ONE), ask(PREDICT, Buffer.concat([unknown, ONE, unknown]))]);
    expect(answers[1]).toEqual(answers[0]);
    expect(Buffer.isBuffer(answers[0])).toBe(true);
  });

  test("that is no message is refused", async () => {
    expect(await ask(PREDICT, Buffer.from("no message"))).toMatch(/^INVALID_ARGUMENT: /);
  });

  for (const path of [
    "/tensorflow.serving.SessionService/SessionRun",
    "/tensorflow.serving.PredictionService/PredictStreamed",
    "/tensorflow.Nothing/Nothing",
  ]) {
    test(`of ${path} is UNIMPLEMENTED`, async () => expect(await ask(path, ONE)).toMatch(/^UNIMPLEMENTED: /));
  }
});

test("an error's text is cut at 1024 bytes", async () => {
  const name = "m".repeat(2_000);
  const prefix = "Servable not found for request: Latest(";
  const cut = (prefix + name).slice(0, 1024);
  expect(await client().outcome("Predict", { model_spec: { name } })).toBe(`NOT_FOUND: ${cut}...TRUNCATED`);
});

test("health knows the names that TensorFlow Serving has, and the whole server", async () => {
  const Health = makeClientConstructor(healthService, "grpc.health.v1.Health");
  const health = new Health(gateway().grpc, credentials.createInsecure());
  const check = (service: string): Promise<string> =>
    new Promise((resolve) => {
      health["check"]?.({ service }, (error: ServiceError | null, answer: { status: string }) =>
        resolve(error === null ? answer.status : status[error.code]),
      );
    });
  for (const name of ["ModelService", "PredictionService", "", "tensorflow.serving.PredictionService"]) {
    expect(await check(name), name).toBe("SERVING");
  }
  expect(await check("nobody")).toBe("NOT_FOUND");
  health.close();
});

test("reflection lists the services and finds their files", async () => {
  const call = raw.makeBidiStreamRequest("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", same, same);
  const answer = async (request: Buffer): Promise<string> => {
    call.write(request);
    const [bytes] = (await once(call, "data")) as [Buffer];
    return bytes.toString("latin1");
  };
  // list_services: "*"
  expect(await answer(Buffer.from([0x3a, 1, 0x2a]))).toContain("tensorflow.serving.ModelService");
  const symbol = Buffer.from("tensorflow.serving.PredictionService");
  // file_containing_symbol
  expect(await answer(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]))).toContain("MultiInferenceRequest");
  call.end();
});
