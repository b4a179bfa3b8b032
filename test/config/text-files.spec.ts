import { describe, expect, test } from "vitest";
import { serverConfigToModels } from "../../config/index.ts";
import { parseModelConfigFile, parseMonitoringFile } from "../../config/text-files.ts";
import { codec, type Draft, type ModelServerConfig } from "../../protos/index.ts";

test("a model list becomes models", () => {
  const text = `
# Two models, as the documentation of TensorFlow Serving writes them.
model_config_list: {
  config: {
    name: "first", base_path: "/models/first", model_platform: "tensorflow"
    model_version_policy: { specific: { versions: 42 versions: 43 } }
    version_labels: { key: "stable" value: 42 }
    version_labels: { key: "canary" value: 9223372036854775807 }
  }
  config { name: 'sec' "ond" base_path: 'file:///models/my%20second' model_type: TENSORFLOW model_version_policy { all {} } }
  config { name: "third" base_path: "/t" model_platform: "tensorflow" model_version_policy { latest { num_versions: 3 } } }
  config { name: "fourth" base_path: "/f" model_platform: "tensorflow" model_version_policy { latest {} } }
  config { name: "fifth" base_path: "/f" model_platform: "tensorflow" }
}`;
  const rest = { labels: new Map(), tags: undefined, retry: true, batching: undefined };
  expect(parseModelConfigFile(text, "f")).toEqual([
    {
      ...rest,
      name: "first",
      path: "/models/first",
      versions: { by: "specific", versions: [42n, 43n] },
      labels: new Map([
        ["stable", 42n],
        ["canary", 9223372036854775807n],
      ]),
    },
    { ...rest, name: "second", path: "/models/my second", versions: { by: "all" } },
    { ...rest, name: "third", path: "/t", versions: { by: "latest", count: 3 } },
    { ...rest, name: "fourth", path: "/f", versions: { by: "latest", count: 1 } },
    { ...rest, name: "fifth", path: "/f", versions: { by: "latest", count: 1 } },
  ]);
});

test("an empty list is one, a file without any is not", () => {
  expect(parseModelConfigFile("model_config_list {}", "f")).toEqual([]);
  expect(parseModelConfigFile("# nothing yet\n", "f")).toBeUndefined();
});

const model = (fields: string): string => `model_config_list { config { ${fields} } }`;

describe("a model list is refused for", () => {
  const ok = 'base_path: "/m" model_platform: "tensorflow"';
  for (const { name, text, want } of [
    {
      name: "a relative base path",
      text: model('name: "m" model_platform: "tensorflow" base_path: "models/m"'),
      want: "f:1:69 model_config_list.config[0].base_path: Expected model m to have an absolute path or URI; got base_path()=models/m",
    },
    {
      name: "a bucket",
      text: model('name: "m" model_platform: "tensorflow" base_path: "gs://b/m"'),
      want: 'f:1:69 model_config_list.config[0].base_path: Model m: gs:// paths are not supported: mount the bucket or sync it to a local folder, and name that ("gs://b/m")',
    },
    {
      name: "a name twice",
      text: `model_config_list {\n  config { name: "m" ${ok} }\n  config { name: "m" ${ok} }\n}`,
      want: "f:3:12 model_config_list.config[1].name: Illegal to list model m multiple times in config list",
    },
    {
      name: "no platform",
      text: model('name: "m" base_path: "/m"'),
      want: "f:1:21 model_config_list.config[0].model_platform: Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform.",
    },
    {
      name: "a platform twice",
      text: model(`name: "m" ${ok} model_type: TENSORFLOW`),
      want: "f:1:85 model_config_list.config[0].model_type: Illegal setting both ModelServerConfig::model_type (deprecated) and ModelServerConfig::model_platform.",
    },
    {
      name: "another platform",
      text: model('name: "m" base_path: "/m" model_platform: "pytorch"'),
      want: "f:1:56 model_config_list.config[0].model_platform: Model m requests unsupported platform pytorch",
    },
    {
      name: "another type",
      text: model('name: "m" base_path: "/m" model_type: OTHER'),
      want: "f:1:56 model_config_list.config[0].model_type: ModelServerConfig::model_type choice 2 not supported.",
    },
    {
      name: "no name",
      text: model(ok),
      want: "f:1:21 model_config_list.config[0].name: Expected every model to have a name",
    },
    {
      name: "a label without a name",
      text: model(`name: "m" ${ok} version_labels { value: 1 }`),
      want: "f:1:85 model_config_list.config[0].version_labels: Model m has a version label without a name",
    },
    {
      name: "request logging",
      text: model(`name: "m" ${ok} logging_config {}`),
      want: "f:1:85 model_config_list.config[0].logging_config: No request-logger-creator provided. Model m asks for request logging, which is not supported",
    },
    {
      name: "another kind of configuration",
      text: "custom_model_config {}",
      want: "f:1:1 custom_model_config: ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported",
    },
    {
      name: "a fault of the syntax",
      text: model('nam: "m"'),
      want: 'f:1:30 model_config_list.config[0]: Error parsing text-format tensorflow.serving.ModelServerConfig: tensorflow.serving.ModelConfig has no field "nam" (did you mean "name"?)',
    },
  ]) {
    test(name, () => expect(() => parseModelConfigFile(text, "f")).toThrow(want));
  }

  test("all its faults at once", () => {
    const text = 'model_config_list { config { name: "a" base_path: "x" } config { name: "a" } }';
    expect(() => parseModelConfigFile(text, "f")).toThrow(
      expect.objectContaining({ problems: expect.objectContaining({ length: 5 }) }),
    );
  });
});

test("a list that came over the wire gives the first fault as INVALID_ARGUMENT", () => {
  const form = codec<ModelServerConfig>("tensorflow.serving.ModelServerConfig");
  const models = (config: Draft<ModelServerConfig>) => serverConfigToModels(form.decode(form.encode(config)));
  const list = { config: [{ name: "m", base_path: "m", model_platform: "tensorflow" }] };
  expect(() => models({ model_config_list: list })).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: "Expected model m to have an absolute path or URI; got base_path()=m",
    }),
  );
  expect(() => models({})).toThrow("Only ModelConfigList is currently supported");
});

describe("the monitoring file", () => {
  for (const { text, want } of [
    { text: 'prometheus_config { enable: true, path: "/x" }', want: "/x" },
    { text: "prometheus_config: { enable: true }", want: "/monitoring/prometheus/metrics" },
    { text: 'prometheus_config { path: "/x" }', want: undefined },
    { text: "", want: undefined },
  ]) {
    test(`${text || "(empty)"}: ${want ?? "no path"}`, () => expect(parseMonitoringFile(text, "f")).toBe(want));
  }
  test("is refused for a path that is none", () =>
    expect(() => parseMonitoringFile('prometheus_config { enable: true path: "x" }', "f")).toThrow(
      "f:1:34 prometheus_config.path: expected a path that starts with /",
    ));
});
