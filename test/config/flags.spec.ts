import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Command } from "../../config/flags/values.ts";
import {
  type Config,
  ConfigError,
  encodeWorkerSettings,
  flagHelp,
  parseFlags,
  workerSettingsOf,
} from "../../config/index.ts";
import { compileSettings } from "../../config/settings.ts";

/** The configuration that flags alone make of the defaults. */
function configOf(argv: readonly string[], command: Command = "serve"): Config {
  const sources = { configSource: undefined, modelConfigFile: undefined, files: {} };
  return compileSettings({ ...sources, flags: parseFlags(argv, command) }).config;
}

function problems(argv: readonly string[], command: Command = "serve"): string[] {
  try {
    parseFlags(argv, command);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

describe("a flag lands in its setting", () => {
  for (const { argv, of, want } of [
    { argv: ["--host=127.0.0.1"], of: (c: Config) => c.server.host, want: "127.0.0.1" },
    { argv: ["--port=9"], of: (c: Config) => c.server.grpc.port, want: 9 },
    { argv: ["--port", "9"], of: (c: Config) => c.server.grpc.port, want: 9 },
    { argv: ["--port=any"], of: (c: Config) => c.server.grpc.port, want: 0 },
    { argv: ["--port=0"], of: (c: Config) => c.server.grpc.port, want: 0 },
    // The order of the flags doesn't count, so that `--port=0` knows of the socket.
    { argv: ["--port=0", "--grpc_socket_path=/s"], of: (c: Config) => c.server.grpc.port, want: undefined },
    {
      argv: ["--grpc_socket_path=/s", "--port=0"],
      of: (c: Config) => c.server.grpc.port,
      want: undefined,
    },
    { argv: ["--grpc_socket_path=s"], of: (c: Config) => c.server.grpc.socketPath, want: resolve("s") },
    { argv: ["--rest_api_port=9"], of: (c: Config) => c.server.rest.port, want: 9 },
    { argv: ["--rest-api-port=9"], of: (c: Config) => c.server.rest.port, want: 9 },
    { argv: ["--rest_api_port=0"], of: (c: Config) => c.server.rest.port, want: undefined },
    { argv: ["--rest_api_port=any"], of: (c: Config) => c.server.rest.port, want: 0 },
    { argv: ["--rest_api_timeout_in_ms=5"], of: (c: Config) => c.server.rest.timeoutMs, want: 5 },
    { argv: ["--rest_api_timeout_in_ms=-1"], of: (c: Config) => c.server.rest.timeoutMs, want: Infinity },
    { argv: ["--rest_api_enable_cors_support"], of: (c: Config) => c.server.rest.cors, want: true },
    { argv: ["--rest_api_enable_cors_support", "false"], of: (c: Config) => c.server.rest.cors, want: false },
    { argv: ["--log_level=debug"], of: (c: Config) => c.server.logLevel, want: "debug" },
    { argv: ["--workers=1", "--workers=3"], of: (c: Config) => c.workers.count, want: 3 },
    { argv: ["--gpu"], of: (c: Config) => c.workers.gpu, want: true },
    { argv: ["--gpu=0"], of: (c: Config) => c.workers.gpu, want: false },
    { argv: ["--saved_model_tags=serve,gpu"], of: (c: Config) => c.workers.load.tags, want: ["serve", "gpu"] },
    { argv: ["--max_num_load_retries=0"], of: (c: Config) => c.workers.load.retries, want: 0 },
    { argv: ["--load_retry_interval_micros=1500"], of: (c: Config) => c.workers.load.retryIntervalMs, want: 1.5 },
    { argv: ["--enable_model_warmup=false"], of: (c: Config) => c.workers.load.warmup, want: false },
    { argv: ["--num_request_iterations_for_warmup=3"], of: (c: Config) => c.workers.load.warmupIterations, want: 3 },
    { argv: ["--num_request_iterations_for_warmup=0"], of: (c: Config) => c.workers.load.warmupIterations, want: 1 },
    {
      argv: ["--file_system_poll_wait_seconds=2"],
      of: (c: Config) => c.workers.load.poll,
      want: { by: "interval", everyMs: 2000 },
    },
    { argv: ["--file_system_poll_wait_seconds=0"], of: (c: Config) => c.workers.load.poll, want: { by: "once" } },
    { argv: ["--file_system_poll_wait_seconds", "-1"], of: (c: Config) => c.workers.load.poll, want: { by: "never" } },
    {
      argv: ["--allow_version_labels_for_unavailable_models"],
      of: (c: Config) => c.workers.allowVersionLabelsForUnavailable,
      want: true,
    },
    {
      argv: ["--tensorflow_session_parallelism=3"],
      of: (c: Config) => c.workers.session,
      want: { intraOpThreads: 3, interOpThreads: 3 },
    },
    {
      argv: ["--tensorflow_intra_op_parallelism=3"],
      of: (c: Config) => c.workers.session,
      want: { intraOpThreads: 3, interOpThreads: 0 },
    },
    {
      argv: ["--tensorflow_inter_op_parallelism=3", "--tensorflow_session_parallelism=0"],
      of: (c: Config) => c.workers.session,
      want: { intraOpThreads: 0, interOpThreads: 3 },
    },
    {
      argv: ["--per_process_gpu_memory_fraction=.5"],
      of: (c: Config) => c.workers.session,
      want: { gpuMemoryFraction: 0.5 },
    },
    { argv: ["--num_load_threads=2"], of: (c: Config) => c.workers.load.threads, want: 2 },
    { argv: ["--num_load_threads=0"], of: (c: Config) => c.workers.load.threads, want: 4 },
    { argv: ["--load_retry_interval_micros=-1"], of: (c: Config) => c.workers.load.retryIntervalMs, want: 0 },
    { argv: ["--enable_signature_method_name_check"], of: (c: Config) => c.workers.checkMethodNames, want: true },
    {
      argv: ["--enable_serialization_as_tensor_content=True"],
      of: (c: Config) => c.workers.answerAsTensorContent,
      want: true,
    },
    // As start scripts leave them when a variable isn't set.
    { argv: ["--grpc_socket_path=", "--ssl_config_file="], of: (c: Config) => c.server.grpc.tls, want: undefined },
    {
      argv: ["--tensorflow_session_parallelism=3", "--tensorflow_intra_op_parallelism=0"],
      of: (c: Config) => c.workers.session,
      want: { intraOpThreads: 3, interOpThreads: 3 },
    },
    {
      argv: ["--grpc_channel_arguments=grpc.max_connection_age_ms=2000,unknown.key=a=b,big=99999999999"],
      of: (c: Config) => c.server.grpc.channelArguments,
      want: { "grpc.max_connection_age_ms": 2000, "unknown.key": "a=b", big: "99999999999" },
    },
    { argv: ["--grpc_channel_arguments="], of: (c: Config) => c.server.grpc.channelArguments, want: {} },
    {
      argv: ["--model_base_path=/m"],
      of: (c: Config) => c.models[0],
      want: { name: "default", path: "/m", versions: { by: "latest", count: 1 } },
    },
    {
      argv: ["--model_name", "a b", "--model_base_path", "m"],
      of: (c: Config) => c.models[0],
      want: { name: "a b", path: resolve("m") },
    },
  ]) {
    test(argv.join(" "), () => {
      const got = of(configOf(argv));
      if (typeof want === "object" && !Array.isArray(want)) expect(got).toMatchObject(want);
      else expect(got).toEqual(want);
    });
  }
});

describe("flags are refused for", () => {
  for (const { name, argv, command = "serve" as const, want } of [
    {
      name: "an unknown one, with the nearest",
      argv: ["--prot=9"],
      want: ["--prot: unknown flag (did you mean --port?)"],
    },
    { name: "what no flag is like", argv: ["--xylophone"], want: ["--xylophone: unknown flag"] },
    {
      name: "one of the other command",
      argv: ["--rest_api_port=9"],
      command: "worker" as const,
      want: ["--rest_api_port: unknown flag"],
    },
    { name: "a missing value", argv: ["--port", "--host=x"], want: ["--port: expected --port=N"] },
    { name: "a missing last value", argv: ["--model_name"], want: ["--model_name: expected --model_name=TEXT"] },
    {
      name: "a port out of range",
      argv: ["--port=65536"],
      want: ['--port: expected a whole number, at least 0, at most 65535, got "65536"'],
    },
    { name: "no number", argv: ["--workers=two"], want: ['--workers: expected a whole number, at least 1, got "two"'] },
    { name: "neither yes nor no", argv: ["--gpu=maybe"], want: ['--gpu: expected true or false, got "maybe"'] },
    {
      name: "a fraction over 1",
      argv: ["--per_process_gpu_memory_fraction=2"],
      want: ['--per_process_gpu_memory_fraction: expected a number from 0 to 1, got "2"'],
    },
    {
      name: "an unknown level, with the nearest",
      argv: ["--log-level=inf"],
      want: [
        '--log_level: expected one of trace, debug, info, warn, error, fatal, silent, got "inf" (did you mean "info"?)',
      ],
    },
    {
      name: "a bucket",
      argv: ["--model_base_path=s3://b"],
      want: [
        '--model_base_path: s3:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("s3://b")',
      ],
    },
    { name: "an argument that is no flag", argv: ["config.yaml"], want: ['unexpected argument "config.yaml"'] },
    { name: "one dash", argv: ["-port=9"], want: ['unexpected argument "-port=9" (did you mean --port?)'] },
    { name: "a name without a path", argv: ["--model_name=m"], want: ["--model_name: needs --model_base_path"] },
    {
      name: "a channel argument without a value",
      argv: ["--grpc_channel_arguments=grpc.x"],
      want: ['--grpc_channel_arguments: expected NAME=VALUE, got "grpc.x"'],
    },
    {
      name: "a batching file without batching",
      argv: ["--batching_parameters_file=b", "--enable_batching=false"],
      want: [
        "--batching_parameters_file: server_options.batching_parameters_file is set without setting server_options.enable_batching to true.",
      ],
    },
    {
      name: "threads given twice over",
      argv: ["--tensorflow_session_parallelism=1", "--tensorflow_inter_op_parallelism=1"],
      want: ["--tensorflow_session_parallelism: cannot be given together with --tensorflow_inter_op_parallelism"],
    },
    {
      name: "several faults at once",
      argv: ["--prot=9", "x", "--gpu=7"],
      want: [
        "--prot: unknown flag (did you mean --port?)",
        'unexpected argument "x"',
        '--gpu: expected true or false, got "7"',
      ],
    },
    {
      name: "settings of a worker that are none",
      argv: ["--worker_settings={}"],
      command: "worker" as const,
      want: ["--worker_settings: expected the settings of a worker as JSON"],
    },
  ]) {
    test(name, () => expect(problems(argv, command)).toEqual(want));
  }
});

test("--help and --version are heard among faults", () => {
  expect(parseFlags(["--nonsense", "--help"], "serve").help).toBe(true);
  expect(parseFlags(["--version"], "worker").version).toBe(true);
});

test("the help names every flag of the command, and none that is only for us", () => {
  expect(flagHelp("serve")).toContain(
    "  --rest_api_port=N\n      The REST port; any: a free one; 0: no REST. (default: 8501)\n",
  );
  expect(flagHelp("worker")).toContain("--grpc_socket_path=FILE");
  expect(flagHelp("worker")).not.toMatch(/rest_api|worker_settings/);
});

test("defaults in the help are those of the schema", () => {
  const withDefaults = [...flagHelp("serve").matchAll(/--(\w+)[^\n]*\n(?: {6}.*\n)*? {6}.*\(default:\s+([^)]*)\)/g)];
  expect(withDefaults.length).toBeGreaterThan(15);
  const said = withDefaults
    .map(([, name, value]) => `--${name}=${value}`)
    .filter((flag) => !/^--(model_|tensorflow_session)/.test(flag));
  expect(configOf(said)).toEqual(configOf([]));
});

test("a worker's settings reach it whole, and its own flags win over them", () => {
  const settings = workerSettingsOf(
    configOf([
      "--host=::1",
      "--enable_model_warmup=false",
      "--per_process_gpu_memory_fraction=0.25",
      "--log_level=warn",
    ]),
  );
  const flag = `--worker_settings=${encodeWorkerSettings(settings)}`;
  expect(workerSettingsOf(configOf([flag], "worker"))).toEqual(settings);
  expect(workerSettingsOf(configOf(["--port=any", flag], "worker"))).toEqual({
    ...settings,
    grpc: { ...settings.grpc, port: 0 },
  });
});
