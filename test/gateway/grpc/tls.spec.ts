import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultConfig, type TlsConfig } from "../../../config/index.ts";
import { createGrpcServer } from "../../../gateway/grpc/index.ts";
import { makeCertificates } from "../../setup/certificates.ts";
import { testWith } from "../../setup/programs.ts";
import { type GrpcUnderTest, startGrpc, told } from "../setup/grpc.ts";

const testWithOpenssl = testWith("openssl");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorgate-tls-"));
  if (testWithOpenssl === test) makeCertificates(folder, ["localhost", "client"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string): Buffer => readFileSync(join(folder, name));
const pem = (name: string): string => read(name).toString();
const same = (bytes: Buffer): Buffer => bytes;

function serverTls(more: Partial<TlsConfig> = {}): TlsConfig {
  return { key: pem("localhost.key"), cert: pem("localhost.pem"), ca: undefined, clientVerify: false, ...more };
}

/** OK, or the code of what came instead, from a client that knows the authority. */
async function ask(
  grpc: GrpcUnderTest,
  own?: string,
  path = "/tensorflow.serving.PredictionService/Predict",
): Promise<string> {
  const channel =
    own === undefined
      ? credentials.createSsl(read("ca.pem"))
      : credentials.createSsl(read("ca.pem"), read(`${own}.key`), read(`${own}.pem`));
  const client = new Client(grpc.client.getChannel().getTarget().replace(/^dns:/, ""), channel, {
    "grpc.ssl_target_name_override": "localhost",
  });
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), { deadline: Date.now() + 5_000 }, (error) =>
        resolve(error === null ? "OK" : told(error)),
      );
    });
  } finally {
    client.close();
  }
}

const ANSWERED = "INVALID_ARGUMENT: Missing ModelSpec";

testWithOpenssl("a port with a key speaks TLS, and nothing else", async () => {
  await using grpc = await startGrpc({ tls: serverTls() });
  expect(await ask(grpc)).toBe(ANSWERED);
  const plain = { path: "/tensorflow.serving.PredictionService/Predict", message: Buffer.alloc(0), timeoutMs: 1_000 };
  await expect(grpc.ask(plain)).rejects.toThrow();
});

testWithOpenssl("clients without a certificate are turned away where one is asked for", async () => {
  await using grpc = await startGrpc({ tls: serverTls({ ca: pem("ca.pem"), clientVerify: true }) });
  expect(await ask(grpc, "client")).toBe(ANSWERED);
  expect(await ask(grpc)).toMatch(/^(UNAVAILABLE|DEADLINE_EXCEEDED)/);
});

testWithOpenssl("the common name of a client's certificate tells who it is", async () => {
  await using grpc = await startGrpc({ tls: serverTls({ ca: pem("ca.pem"), clientVerify: true }) });
  grpc.backend.authenticate = (_header, certificate) => certificate;
  await ask(grpc, "client");
  await ask(grpc, "client", "/tensorflow.serving.ModelService/GetModelStatus");
  expect(grpc.lines.map(({ method, clientName }) => [method, clientName])).toEqual([
    ["Predict", "client"],
    ["GetModelStatus", "client"],
  ]);
});

test("nobody names a certificate that it has not", async () => {
  await using grpc = await startGrpc();
  grpc.backend.authenticate = (_header, certificate) => certificate;
  const path = "/tensorflow.serving.ModelService/GetModelStatus";
  await grpc.ask({ path, message: Buffer.alloc(0), metadata: { "tensorgate-certificate": "mesh" } }).catch(() => {});
  expect(grpc.lines[0]).not.toHaveProperty("clientName");
});

test("a key that is none is told in words", async () => {
  await using grpc = await startGrpc();
  const tls = { key: "no key", cert: "no certificate", ca: undefined, clientVerify: false };
  const config = { ...defaultConfig().server.grpc, port: 0, tls };
  expect(() => createGrpcServer({ host: "127.0.0.1", config, ...grpc.parts })).toThrow(
    /^the key and certificate of the gRPC port cannot be used: /,
  );
});
