import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensorgate } from "../setup/run-cli.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../setup/tensorgate.ts";

describe("by itself", () => {
  test("--help names every command, --version the package's version", async () => {
    const { stdout } = await tensorgate("--help");
    for (const command of ["serve", "worker", "predict", "inspect", "status", "config", "runtime"])
      expect(stdout).toContain(command);
    expect((await tensorgate("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("serve --help lists the flags of tensorflow_model_server", async () => {
    const { stdout } = await tensorgate("serve", "--help");
    for (const flag of ["--port", "--rest_api_port", "--model_base_path", "--model_config_file"])
      expect(stdout).toContain(flag);
  });

  for (const args of [["-h"], ["serve", "-h"], ["worker", "-h"], ["predict", "-h"], ["runtime", "-h"]]) {
    test(`${args.join(" ")} prints the usage`, async () => {
      expect(await tensorgate(...args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: tensorgate/) });
    });
  }

  for (const { wrong, args, says } of [
    { wrong: "an unknown command", args: ["serv"], says: "Did you mean serve?" },
    { wrong: "an unknown flag of serve", args: ["serve", "--rest_port=1"], says: "--rest_api_port" },
    { wrong: "an unknown option of predict", args: ["predict", "--ulr", "x", "m", "[]"], says: "Did you mean --url?" },
    {
      wrong: "a config file that is not there",
      args: ["serve", "--config=/no/such.yaml"],
      says: "/no/such.yaml: no such file",
    },
    {
      wrong: "a gateway that is not there",
      args: ["predict", "--url=http://127.0.0.1:1", "m", "[1]"],
      says: "no gateway answers",
    },
    { wrong: "a folder that is not there", args: ["inspect", "/no/such"], says: "/no/such does not exist" },
    { wrong: "a folder without a SavedModel", args: ["inspect", ROOT], says: "holds no SavedModel" },
    { wrong: "a file that is no SavedModel", args: ["inspect", join(ROOT, "LICENSE")], says: "holds no SavedModel" },
    {
      wrong: "a SavedModel that cannot be read",
      args: ["inspect", join(ROOT, "test/data/models/broken_graph")],
      says: "broken_graph/1 holds no SavedModel that can be read",
    },
    {
      wrong: "an address that is none",
      args: ["status", "--url=a b"],
      says: 'expected an address like http://127.0.0.1:8501, got "a b"',
    },
    {
      wrong: "a version beside a label",
      args: ["predict", "--label=stable", "--version-number=1", "m", "[1]"],
      says: "cannot be used with",
    },
  ]) {
    test(`${wrong} is a message and status 1`, async () => {
      const { code, stdout, stderr } = await tensorgate(...args);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toContain(says);
    });
  }

  test("inspect shows a base path's versions with tags, signatures, dtypes and shapes", async () => {
    const { code, stdout } = await tensorgate("inspect", join(MODELS, "half_plus_two"));
    expect(code).toBe(0);
    expect(stdout).toContain("half_plus_two/00000123");
    expect(stdout).toContain("half_plus_two/00000124");
    expect(stdout).toContain("tags: serve");
    expect(stdout).toMatch(/signature serving_default {2}tensorflow\/serving\/predict/);
    expect(stdout).toMatch(/input +x +float +\[-1,1\] +x:0/);
  });

  test("inspect takes the file of a SavedModel for its folder", async () => {
    const { code, stdout } = await tensorgate("inspect", join(MODELS, "textcnn/1/saved_model.pb"));
    expect(code).toBe(0);
    expect(stdout).toContain(join(MODELS, "textcnn/1  ("));
  });

  test("inspect --json is one version or many, with sizes", async () => {
    const { stdout } = await tensorgate("inspect", "--json", join(MODELS, "textcnn/1"));
    const [model] = JSON.parse(stdout);
    expect(model.sizeBytes).toBeGreaterThan(1000);
    const { inputs, outputs } = model.metaGraphs[0].signatures.predict_categories;
    expect(inputs.texts).toMatchObject({ dtype: "int32", shape: [-1, 24] });
    expect(outputs.pred_cates.dtype).toBe("string");
  });
});

describe("against a gateway", () => {
  let gateway: Tensorgate;
  beforeAll(async () => {
    const half = {
      name: "half_plus_two",
      path: join(MODELS, "half_plus_two"),
      versions: "all",
      labels: { stable: 123 },
    };
    gateway = await startTensorgate({ models: [half] });
    await gateway.ready();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const example = '{"inputs": [2.5]}';
  for (const { name, args, want } of [
    { name: "a list is its instances", args: ["[1.0, 2.0, 5.0]"], want: { predictions: [2.5, 3, 4.5] } },
    { name: "an object is a body", args: ['{"inputs": {"x": [[1.0]]}}'], want: { outputs: [[2.5]] } },
    { name: "a version is asked for", args: ["--version-number=123", "[1.0]"], want: { predictions: [2.5] } },
    { name: "a label is asked for", args: ["--label=stable", "[1.0]"], want: { predictions: [2.5] } },
    { name: "a signature joins a body", args: ["--signature=serving_default", example], want: { outputs: [3.25] } },
  ]) {
    test(`predict: ${name}`, async () => {
      const { code, stdout, stderr } = await tensorgate("predict", `--url=${gateway.rest}`, "half_plus_two", ...args);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual(want);
    });
  }

  test("an address may leave out http://", async () => {
    const { code } = await tensorgate("status", `--url=${gateway.rest.replace("http://", "")}`);
    expect(code).toBe(0);
  });

  test("predict tells the gateway's refusal, with status 1", async () => {
    const { code, stderr } = await tensorgate("predict", `--url=${gateway.rest}`, "nobody", "[1]");
    expect(code).toBe(1);
    expect(stderr).toContain("404");
    expect(stderr).toContain("Servable not found for request: Latest(nobody)");
  });

  test("status shows versions and readiness", async () => {
    const { code, stdout } = await tensorgate("status", `--url=${gateway.rest}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^half_plus_two +124 +AVAILABLE +1 of 5/m);
    expect(stdout).toMatch(
      /^half_plus_two +124 +regress_x_to_y +unproven +no rows of string can be made up for input "inputs"$/m,
    );
    expect(stdout).not.toMatch(/serving_default/);
    expect(stdout.trim().endsWith("ready")).toBe(true);
  });

  test("status --json has all of it", async () => {
    const { stdout } = await tensorgate("status", "--json", `--url=${gateway.rest}`);
    const { ready, models } = JSON.parse(stdout);
    expect(ready).toBe(true);
    expect(models[0]).toMatchObject({ name: "half_plus_two", versions: [{ version: "124" }, { version: "123" }] });
    expect(models[0].versions[0].merging).toMatchObject({ serving_default: { is: "proven" } });
  });

  test("status tells of a reload that was refused", async () => {
    writeFileSync(gateway.configFile, "models: 1");
    gateway.process.kill("SIGHUP");
    await gateway.logged((line) => line.msg?.startsWith("config refused") === true);
    const { code, stdout } = await tensorgate("status", `--url=${gateway.rest}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^the last reload was refused for 1 error, .* config [0-9a-f]{12} holds on$/m);
  });
});
