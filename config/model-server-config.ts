import { isAbsolute } from "node:path";
import { InferenceError, modelName, type Version, version } from "../core/index.ts";
import type { ModelConfig as ModelMessage, ModelServerConfig, ServableVersionPolicy } from "../protos/index.ts";
import { absolutePath, cloudPathProblem } from "./base-path.ts";
import type { Finding } from "./cross-check.ts";
import { DEFAULT_VERSIONS, type ModelConfig, OWN_DEFAULTS, type VersionPolicy } from "./schema/models.ts";

/** Whether a model of this name is being served; its platform may not change then. */
export type IsServed = (name: string) => boolean;

const nothingServed: IsServed = () => false;

/**
 * The models of a `tensorflow.serving.ModelServerConfig`, as TensorFlow Serving's `ServerCore` reads it. Throws
 * INVALID_ARGUMENT with the first of {@link serverConfigFindings}.
 */
export function serverConfigToModels(
  config: ModelServerConfig | null,
  isServed: IsServed = nothingServed,
): ModelConfig[] {
  if (config === null) throw new InferenceError("INVALID_ARGUMENT", ONLY_LISTS);
  const [finding] = serverConfigFindings(config, isServed).sort((one, other) => rank(one) - rank(other));
  if (finding !== undefined) throw new InferenceError("INVALID_ARGUMENT", finding.message);
  return config.config === "model_config_list" ? config.model_config_list.config.map(toModel) : [];
}

/** Each over the whole list, before the next: which of several faults is told first. */
const CHECKED_IN_ORDER = ["name", "base_path", "model_type", "model_platform", "version_labels", "logging_config"];

function rank({ path }: Finding): number {
  return CHECKED_IN_ORDER.indexOf(String(path.at(-1)));
}

const ONLY_LISTS =
  "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported";

const PLATFORM = "tensorflow";
const BOTH_PLATFORMS = ["ModelServerConfig::model_type (deprecated)", "ModelServerConfig::model_platform"];

/** Everything for which TensorFlow Serving would refuse the list, in its words where it has some. */
export function serverConfigFindings(config: ModelServerConfig, isServed: IsServed = nothingServed): Finding[] {
  if (config.config !== "model_config_list") return [{ path: [config.config ?? ""], message: ONLY_LISTS }];
  const names = new Set<string>();
  return config.model_config_list.config.flatMap((model, i) => {
    const path = ["model_config_list", "config", i];
    const findings = [...modelFindings(model, isServed(model.name))].map(([field, message]) => ({
      path: [...path, field],
      message,
    }));
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

function* modelFindings(model: ModelMessage, served: boolean): Generator<readonly [field: string, message: string]> {
  const { name, base_path: path } = model;
  if (name === "") yield ["name", "Expected every model to have a name"];
  const cloud = cloudPathProblem(path);
  if (cloud !== undefined) yield ["base_path", `Model ${name}: ${cloud}`];
  else if (!isAbsolute(path) && !path.startsWith("file://")) {
    yield ["base_path", `Expected model ${name} to have an absolute path or URI; got base_path()=${path}`];
  }

  const hasType = model.model_type !== "MODEL_TYPE_UNSPECIFIED";
  const platform = hasType ? model.model_type.toLowerCase() : model.model_platform;
  const at = hasType ? "model_type" : "model_platform";
  if (hasType && model.model_platform !== "") {
    yield [at, `Illegal setting both ${BOTH_PLATFORMS.join(" and ")}.`];
  } else if (model.model_type === "OTHER") {
    yield [at, "ModelServerConfig::model_type choice 2 not supported."];
  } else if (platform === "") {
    yield [at, `Illegal setting neither ${BOTH_PLATFORMS.join(" nor ")}.`];
  } else if (platform !== PLATFORM) {
    yield [
      at,
      served
        ? `Illegal to change a model's platform. For model ${name} platform was ${PLATFORM} and new platform requested is ${platform}`
        : `Model ${name} requests unsupported platform ${platform}`,
    ];
  }
  if (Object.hasOwn(model.version_labels, ""))
    yield ["version_labels", `Model ${name} has a version label without a name`];
  if (model.logging_config !== null) {
    const message = `No request-logger-creator provided. Model ${name} asks for request logging, which is not supported`;
    yield ["logging_config", message];
  }
}

function toModel(message: ModelMessage): ModelConfig {
  return {
    name: modelName(message.name),
    path: absolutePath(message.base_path, "/"),
    versions: versionPolicyOf(message.model_version_policy),
    labels: versionLabelsOf(message.version_labels),
    ...OWN_DEFAULTS,
  };
}

/** No policy is the latest version; so is `latest` without a number, or 0. */
export function versionPolicyOf(policy: ServableVersionPolicy | null): VersionPolicy {
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

export function versionLabelsOf(labels: ModelMessage["version_labels"]): ReadonlyMap<string, Version> {
  return new Map(Object.entries(labels).map(([label, number]) => [label, version(number)]));
}
