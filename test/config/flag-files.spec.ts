import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  batchingByModel,
  encodeWorkerSettings,
  loadSettings,
  parseFlags,
  type Settings,
  workerSettingsOf,
} from "../../config/index.ts";
import { DEFAULT_BATCHING } from "../../config/schema/batching.ts";
import { parseBatchingFile, parseSessionFile, parseSslFile } from "../../config/text-files.ts";
import { modelName } from "../../core/index.ts";
import { codec, type Opaque } from "../../protos/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flag-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function serve(...argv: string[]): Promise<Settings> {
  return loadSettings(parseFlags(["--model_base_path=/m", ...argv], "serve"));
}

describe("the file of --ssl_config_file", () => {
  test("holds keys as text", async () => {
    const text = 'server_key: "k\\nk" server_cert: "c" custom_ca: "a" client_verify: true';
    expect(parseSslFile(text, "f")).toEqual({ key: "k\nk", cert: "c", ca: "a", clientVerify: true });
    const { config } = await serve(`--ssl_config_file=${write("ssl", 'server_key: "k" server_cert: "c"')}`);
    expect(config.server.grpc.tls).toEqual({ key: "k", cert: "c", ca: undefined, clientVerify: false });
    expect(encodeWorkerSettings(workerSettingsOf(config))).not.toContain('"key"');
  });

  test("is refused without one", () => {
    expect(() => parseSslFile('server_cert: "c"', "f")).toThrow("f:1:1 server_key: is missing");
    expect(() => parseSslFile("server_kye: 1", "f")).toThrow(
      'f:1:1: Error parsing text-format tensorflow.serving.SSLConfig: tensorflow.serving.SSLConfig has no field "server_kye"',
    );
  });
});

const yaml = (tls: string): string => `server:\n  grpc:\n    tls: ${tls}\nmodels: []\n`;

describe("server.grpc.tls", () => {
  test("names files, whose text it takes", async () => {
    write("key.pem", "K");
    write("cert.pem", "C");
    const file = write("config.yaml", yaml("{ key: key.pem, cert: cert.pem, clientVerify: true }"));
    const settings = await loadSettings(parseFlags([`--config=${file}`], "serve"));
    expect(settings.config.server.grpc.tls).toEqual({ key: "K", cert: "C", ca: undefined, clientVerify: true });
  });

  test("is refused where a file is missing", async () => {
    write("key.pem", "K");
    const file = write("config.yaml", yaml("{ key: key.pem, cert: cert.pem }"));
    await expect(loadSettings(parseFlags([`--config=${file}`], "serve"))).rejects.toThrow(
      /config\.yaml:3:32 server\.grpc\.tls\.cert: cannot be read: ENOENT/,
    );
  });
});

describe("the file of --batching_parameters_file", () => {
  for (const { name, text, want } of [
    { name: "sizes that fit", text: "max_batch_size { value: 8 } allowed_batch_sizes: [2, 8]", want: undefined },
    { name: "the default size", text: "allowed_batch_sizes: 1000", want: undefined },
    {
      name: "sizes that fit what is run at once",
      text: "max_batch_size { value: 8 } enable_large_batch_splitting { value: true } max_execution_batch_size { value: 4 } allowed_batch_sizes: 4",
      want: undefined,
    },
    {
      name: "a last size that is not the largest",
      text: "max_batch_size { value: 8 } allowed_batch_sizes: 2 allowed_batch_sizes: 4",
      want: "f:1:52 allowed_batch_sizes[1]: Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; expected 8",
    },
    {
      name: "a last size that is not what is run at once",
      text: "max_batch_size { value: 8 } enable_large_batch_splitting { value: true } allowed_batch_sizes: 4",
      want: "Last entry in allowed_batch_sizes must be equal to max_execution_batch_size; last entry was 4; expected 8",
    },
    {
      name: "sizes out of order",
      text: "max_batch_size { value: 8 } allowed_batch_sizes: [4, 2, 8]",
      want: "allowed_batch_sizes[1]: allowed_batch_sizes entries must be monotonically increasing",
    },
    {
      name: "no batch at all",
      text: "max_batch_size { value: 0 }",
      want: "f:1:18 max_batch_size.value: expected at least 1, got 0",
    },
  ]) {
    test(`${want === undefined ? "takes" : "refuses"} ${name}`, () => {
      const parsed = expect(() => parseBatchingFile(text, "f"));
      if (want === undefined) parsed.not.toThrow();
      else parsed.toThrow(want);
    });
  }

  test("leaves a model its own bounds, and joins nothing once the flag says false", async () => {
    const models = "models: [{ name: own, path: /m, batching: { maxRows: 2 } }, { name: other, path: /n }]";
    const file = write("config", models);
    const started = (flag: string) => loadSettings(parseFlags([`--config=${file}`, flag], "serve"));
    const on = (await started("--enable_batching")).config;
    expect(on.batching).toEqual(DEFAULT_BATCHING);
    expect(on.models.map(({ batching }) => batching)).toMatchObject([{ maxRows: 2 }, undefined]);
    const off = (await started("--enable_batching=false")).config;
    expect([off.batching, ...off.models.map(({ batching }) => batching)]).toEqual(["off", "off", "off"]);
  });

  test("--enable_batching turns on what the configuration has turned off for all, and keeps bounds that it has", async () => {
    for (const { batching, want } of [
      { batching: "off", want: DEFAULT_BATCHING },
      { batching: "{ maxRows: 5 }", want: { ...DEFAULT_BATCHING, maxRows: 5, maxQueuedRows: 1280 } },
    ]) {
      const file = write("config", `models: [{ name: m, path: /m }]\nbatching: ${batching}`);
      const { config } = await loadSettings(parseFlags([`--config=${file}`, "--enable_batching"], "serve"));
      expect(config.batching).toEqual(want);
    }
  });

  test("calls are joined by default, with flags alone too", async () => {
    expect((await serve()).config.batching).toEqual(DEFAULT_BATCHING);
    expect(batchingByModel((await serve()).config).get(modelName("default"))).toEqual(DEFAULT_BATCHING);
    expect(batchingByModel((await serve("--enable_batching=false")).config).size).toBe(0);
  });

  test("a model that must not run twice is not joined", async () => {
    const file = write("config", "models: [{ name: m, path: /m, retry: false, batching: { maxRows: 5 } }]");
    const { config } = await loadSettings(parseFlags([`--config=${file}`], "serve"));
    expect(batchingByModel(config).size).toBe(0);
  });

  test("a file that says nothing of a bound has TensorFlow Serving's", async () => {
    const { config } = await serve("--enable_batching", `--batching_parameters_file=${write("batching", "")}`);
    expect(config.batching).toMatchObject({ maxRows: 1000, maxQueuedRows: 10_000 });
  });

  test("is read with --enable_batching, and the log says what becomes of it", async () => {
    const text = `max_batch_size { value: 32 } batch_timeout_micros { value: 1500 } num_batch_threads { value: 3 }
      max_enqueued_batches { value: 4 } allowed_batch_sizes: [8, 32] pad_variable_length_inputs: true`;
    const file = write("batching", text);
    const { sources, config, notes } = await serve("--enable_batching", `--batching_parameters_file=${file}`);
    expect(sources.files.batching).toMatchObject({ max_batch_size: { value: "32" }, pad_variable_length_inputs: true });
    expect(config.batching).toEqual({
      ...DEFAULT_BATCHING,
      maxRows: 32,
      maxDelayMs: 1.5,
      maxInFlight: 3,
      maxQueuedRows: 128,
      allowedRows: [8, 32],
    });
    expect(notes).toEqual([
      "pad_variable_length_inputs has no effect: only calls whose inner dimensions agree are joined",
    ]);
    expect((await serve()).notes).toEqual([]);

    const perModel = "--enable_per_model_batching_parameters";
    const { config: alone, notes: told } = await serve(perModel);
    expect([alone.workers.load.batchingFiles, told]).toEqual([
      false,
      [expect.stringContaining("without --enable_batching")],
    ]);
    const both = await serve(perModel, "--enable_batching");
    expect([both.config.workers.load.batchingFiles, both.notes]).toEqual([true, []]);
  });
});

test("the file of --tensorflow_session_config_file reaches the workers as a ConfigProto", async () => {
  const text = `intra_op_parallelism_threads: 3
gpu_options { allow_growth: true }
graph_options { rewrite_options { constant_folding: OFF auto_mixed_precision: ON } }`;
  const file = write("session", text);
  const { config } = await serve(`--tensorflow_session_config_file=${file}`, "--tensorflow_inter_op_parallelism=2");
  const { session } = workerSettingsOf(config);
  expect(session.interOpThreads).toBe(2);
  expect(codec<Opaque>("tensorflow.ConfigProto").decode(Buffer.from(session.configProto, "base64"))).toMatchObject({
    intra_op_parallelism_threads: 3,
    gpu_options: { allow_growth: true },
    graph_options: { rewrite_options: { constant_folding: "OFF", auto_mixed_precision: "ON" } },
  });
  expect(() => parseSessionFile("intra_op: 3", "f")).toThrow(
    "f:1:1: Error parsing text-format tensorflow.ConfigProto: ",
  );
});
