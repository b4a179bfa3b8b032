import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GrpcClient, type Message } from "../../setup/grpc-client.ts";
import { testWith } from "../../setup/programs.ts";
import { ROOT, startProgram, type Tensorgate } from "../../setup/tensorgate.ts";
import { example, floats, plain } from "./cases.ts";

const testWithOpenssl = testWith("openssl");
const hasOpenssl = testWithOpenssl === test;

const folder = mkdtempSync(join(tmpdir(), "tensorgate-flags-"));
const SOCKET = join(folder, "grpc.sock");

let gateway: Tensorgate;
let client: GrpcClient;
beforeAll(async () => {
  const flags = [
    "--host=127.0.0.1",
    "--port=any",
    "--rest_api_port=any",
    "--workers=1",
    "--model_name=features",
    `--model_base_path=${join(ROOT, "test/data/models/features")}`,
    `--grpc_socket_path=${SOCKET}`,
    "--grpc_channel_arguments=grpc.max_connection_age_ms=600000,grpc.nothing=here",
    `--tensorflow_session_config_file=${write("session.config", "intra_op_parallelism_threads: 1 graph_options { rewrite_options { constant_folding: OFF } }")}`,
    "--enable_signature_method_name_check=true",
    "--enable_serialization_as_tensor_content",
    "--tensorflow_session_parallelism=0",
    "--num_load_threads=2",
    "--mixed_precision=",
    "--monitoring_config_file=",
  ];
  if (hasOpenssl) flags.push(`--ssl_config_file=${write("ssl.config", sslConfig())}`);
  gateway = await startProgram(["serve", ...flags]);
  await gateway.ready();
  client = connect(`unix:${SOCKET}`);
});
afterAll(async () => {
  client.close();
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Over TLS, where the gateway has a key. */
function connect(address: string): GrpcClient {
  if (!hasOpenssl) return new GrpcClient(address);
  const authority = credentials.createSsl(readFileSync(join(folder, "cert.pem")));
  return new GrpcClient(address, authority, { "grpc.ssl_target_name_override": "localhost" });
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** An SSLConfig with a key of its own; its certificate is its authority. */
function sslConfig(): string {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, ...subject],
    { stdio: "ignore" },
  );
  return `server_key: ${JSON.stringify(readFileSync(key, "utf8"))}\nserver_cert: ${JSON.stringify(readFileSync(cert, "utf8"))}\nclient_verify: false\n`;
}

const spec = (signature_name: string): Message => ({ model_spec: { name: "features", signature_name } });
const INPUT = { input: { example_list: { examples: [example({ f: 0.5 })] } } };
const SERIALIZED = { dtype: "DT_STRING", tensor_shape: { dim: [{ size: 1 }] }, string_val: [Buffer.alloc(0)] };

test("the model of the flags is served on the socket", async () => {
  expect(plain(await client.call("Regress", { ...spec("flat"), ...INPUT }))).toEqual({
    model_spec: "features 1 flat",
    regressions: [0.5],
  });
});

test("with --enable_serialization_as_tensor_content Predict answers in bytes, and REST as ever", async () => {
  const answer = await client.call("Predict", { ...spec("flat"), inputs: { inputs: SERIALIZED } });
  expect(plain(answer)["outputs"]).toEqual({ outputs: "DT_FLOAT [1] tensor_content 000080bf" });
  const reply = await gateway.post("/v1/models/features:predict", { signature_name: "flat", inputs: [""] });
  expect(reply.json).toEqual({ outputs: [-1] });
});

test("with --enable_signature_method_name_check a signature is run by its own method only", async () => {
  const regress = { ...spec("classes"), ...INPUT };
  expect(await client.outcome("Regress", regress)).toBe(
    "INVALID_ARGUMENT: Expected regression signature method_name to be tensorflow/serving/regress. Was: tensorflow/serving/classify",
  );
  expect(await client.outcome("Classify", { ...spec("flat"), ...INPUT })).toBe(
    "INVALID_ARGUMENT: Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/regress",
  );
  expect(await client.outcome("Predict", { ...spec("flat"), inputs: { x: floats([], 1) } })).toMatch(
    /^INVALID_ARGUMENT: Signature input alias: inputs/,
  );
});

testWithOpenssl("with --ssl_config_file port and socket speak TLS, and nothing else", async () => {
  const request = { ...spec("flat"), ...INPUT };
  for (const address of [gateway.grpc, `unix:${SOCKET}`]) {
    const [secure, plainly] = [connect(address), new GrpcClient(address)];
    try {
      expect(await secure.outcome("Regress", request)).toBe("OK");
      expect(await plainly.outcome("Regress", request, { deadlineMs: 1_000 })).toMatch(
        /^(UNAVAILABLE|DEADLINE_EXCEEDED): /,
      );
    } finally {
      secure.close();
      plainly.close();
    }
  }
});
