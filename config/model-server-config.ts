import { isAbsolute } from "node:path";
import { InferenceError, modelName, version } from "../core/index.ts";
import type { ModelConfig as ModelMessage, ModelServerConfig, ServableVersionPolicy } from "../protos/index.ts";
import { absolutePath, cloudPathProblem } from "./base-path.ts";
import type { Finding } from "./cross-check.ts";
import { DEFAULT_VERSIONS, type ModelConfig, type VersionPolicy } from "./schema/models.ts";

/**
 * The models of a `tensorflow.serving.ModelServerConfig`, as TensorFlow Serving's `ServerCore` reads it. Throws
 * INVALID_ARGUMENT with the first of {@link serverConfigFindings}.
 */
export function serverConfigToModels(config: ModelServerConfig | null): ModelConfig[] {
  if (config === null) throw new InferenceError("INVALID_ARGUMENT", ONLY_LISTS);
  const [finding] = serverConfigFindings(config);
  if (finding !== undefined) throw new InferenceError("INVALID_ARGUMENT", finding.message);
  return config.config === "model_config_list" ? config.model_config_list.config.map(toModel) : [];
}

const ONLY_LISTS =
  "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported";

/** Everything for which TensorFlow Serving would refuse the list, in its words where it has some. */
export function serverConfigFindings(config: ModelServerConfig): Finding[] {
  if (config.config !== "model_config_list") return [{ path: [config.config ?? ""], message: ONLY_LISTS }];
  const names = new Set<string>();
  return config.model_config_list.config.flatMap((model, i) => {
    const path = ["model_config_list", "config", i];
    const findings = [...modelFindings(model)].map(([field, message]) => ({ path: [...path, field], message }));
    if (names.has(model.name)) {
      findings.push({
        path: [...path, "name"],
        message: `Illegal to list model ${model.name} multiple times in config list`,
      });
    }
    names.add(model.name);
    return findings;
  });
}

function* modelFindings(model: ModelMessage): Generator<readonly [field: string, message: string]> {
  const { name, base_path: path } = model;
  if (name === "") yield ["name", "Expected every model to have a name"];
  const cloud = cloudPathProblem(path);
  if (cloud !== undefined) yield ["base_path", `Model ${name}: ${cloud}`];
  else if (!isAbsolute(path) && !path.startsWith("file://")) {
    yield ["base_path", `Expected model ${name} to have an absolute path or URI; got base_path()=${path}`];
  }

  const hasType = model.model_type !== "MODEL_TYPE_UNSPECIFIED";
  if (hasType && model.model_platform !== "") {
    yield ["model_platform", "Illegal setting both ModelServerConfig::model_type (deprecated) and model_platform."];
  } else if (!hasType && model.model_platform === "") {
    yield ["model_platform", "Illegal setting neither ModelServerConfig::model_type (deprecated) nor model_platform."];
  } else if (hasType && model.model_type !== "TENSORFLOW") {
    yield ["model_type", `Model ${name} requests unsupported model_type ${model.model_type}`];
  } else if (!hasType && model.model_platform !== "tensorflow") {
    yield ["model_platform", `Model ${name} requests unsupported platform ${model.model_platform}`];
  }
  if (Object.hasOwn(model.version_labels, ""))
    yield ["version_labels", `Model ${name} has a version label without a name`];
  if (model.logging_config !== null) {
    yield ["logging_config", `Model ${name}: No request-logger-creator provided; request logging is not supported`];
  }
}

function toModel(message: ModelMessage): ModelConfig {
  return {
    name: modelName(message.name),
    path: absolutePath(message.base_path, "/"),
    versions: toPolicy(message.model_version_policy),
    labels: new Map(Object.entries(message.version_labels).map(([label, number]) => [label, version(number)])),
    tags: undefined,
    retry: true,
  };
}

/** No policy is the latest version; so is `latest` without a number, or 0. */
function toPolicy(policy: ServableVersionPolicy | null): VersionPolicy {
  switch (policy?.policy_choice) {
    case undefined:
      return DEFAULT_VERSIONS;
    case "latest":
      return { by: "latest", count: Math.max(1, policy.latest.num_versions) };
    case "all":
      return { by: "all" };
    case "specific":
      return { by: "specific", versions: policy.specific.versions.map((number) => version(number)) };
  }
}
