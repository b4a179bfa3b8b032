import {
  type BatchingParameters,
  type Codec,
  codec,
  type Draft,
  type ModelServerConfig,
  type MonitoringConfig,
  type Opaque,
  type SSLConfig,
} from "../protos/index.ts";
import { batchingFindings } from "./batching-parameters.ts";
import { ConfigError, type Problem, renderPath } from "./config-error.ts";
import { serverConfigFindings, serverConfigToModels } from "./model-server-config.ts";
import type { ModelConfig } from "./schema/models.ts";
import { DEFAULT_MONITORING_PATH, type TlsConfig } from "./schema/server.ts";
import { type ParsedText, parseTextWithPlaces } from "./text-format/parse.ts";

const MODEL_SERVER_CONFIG = "tensorflow.serving.ModelServerConfig";
const MONITORING_CONFIG = "tensorflow.serving.MonitoringConfig";
const SSL_CONFIG = "tensorflow.serving.SSLConfig";
const BATCHING_PARAMETERS = "tensorflow.serving.BatchingParameters";
const CONFIG_PROTO = "tensorflow.ConfigProto";

/**
 * The models of a `--model_config_file`; undefined when it names no list at all: TensorFlow Serving takes no action then.
 * Throws ConfigError; `file` only names the text there.
 */
export function parseModelConfigFile(text: string, file: string): ModelConfig[] | undefined {
  const { message, parsed } = read(text, MODEL_SERVER_CONFIG, codec<ModelServerConfig>(MODEL_SERVER_CONFIG), file);
  if (message.config === undefined) return undefined;
  const problems = serverConfigFindings(message).map(
    ({ path, message }): Problem => ({ file, ...parsed.placeOf(path), path: renderPath(path), message }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return serverConfigToModels(message);
}

/** The path of the metrics that a `--monitoring_config_file` asks for; undefined when it asks for none. */
export function parseMonitoringFile(text: string, file: string): string | undefined {
  const { message, parsed } = read(text, MONITORING_CONFIG, codec<MonitoringConfig>(MONITORING_CONFIG), file);
  if (message.prometheus_config?.enable !== true) return undefined;
  const { path } = message.prometheus_config;
  if (path === "" || path.startsWith("/")) return path === "" ? DEFAULT_MONITORING_PATH : path;
  const at = ["prometheus_config", "path"];
  throw new ConfigError([
    { file, ...parsed.placeOf(at), path: renderPath(at), message: "expected a path that starts with /" },
  ]);
}

/** The keys of an `--ssl_config_file`, which holds them as text. */
export function parseSslFile(text: string, file: string): TlsConfig {
  const { message, parsed } = read(text, SSL_CONFIG, codec<SSLConfig>(SSL_CONFIG), file);
  const { server_key: key, server_cert: cert, custom_ca: ca, client_verify: clientVerify } = message;
  const missing = Object.entries({ server_key: key, server_cert: cert }).filter(([, pem]) => pem === "");
  if (missing.length === 0) return { key, cert, ca: ca === "" ? undefined : ca, clientVerify };
  throw new ConfigError(missing.map(([path]) => ({ file, ...parsed.placeOf([]), path, message: "is missing" })));
}

/** A `--batching_parameters_file`, whose sizes fit each other. */
export function parseBatchingFile(text: string, file: string): BatchingParameters {
  const { message, parsed } = read(text, BATCHING_PARAMETERS, codec<BatchingParameters>(BATCHING_PARAMETERS), file);
  const problems = batchingFindings(message).map(
    ({ path, message }): Problem => ({ file, ...parsed.placeOf(path), path: renderPath(path), message }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return message;
}

/** A `--tensorflow_session_config_file` as a serialized `tensorflow.ConfigProto`, in base64. */
export function parseSessionFile(text: string, file: string): string {
  const { value } = parseText(text, CONFIG_PROTO, file);
  return codec<Opaque>(CONFIG_PROTO)
    .encode(value as Draft<Opaque>)
    .toString("base64");
}

function read<T>(
  text: string,
  typeName: string,
  form: Codec<T>,
  file: string,
): { readonly message: T; readonly parsed: ParsedText } {
  const parsed = parseText(text, typeName, file);
  return { message: form.decode(form.encode(parsed.value as Draft<T>)), parsed };
}

/** Its faults start as TensorFlow Serving's do. */
function parseText(text: string, typeName: string, file: string): ParsedText {
  try {
    return parseTextWithPlaces(text, typeName, file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => ({
      ...problem,
      message: `Error parsing text-format ${typeName}: ${problem.message}`,
    }));
    throw new ConfigError(problems, { cause: error });
  }
}
