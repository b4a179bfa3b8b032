import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withFreePorts } from "../../setup/tensorgate.ts";
import { holds, modelsNamed, predict, sharedGateway } from "./cases.ts";

/** What differs from the reference where the configuration asks for it. */
const CHOSEN = {
  models: modelsNamed("every_dtype", "outputs", "strings", "features"),
  server: { rest: { port: 0, cors: true } },
  compatibility: { strictJson: true, urlSafeBase64: true },
};
const chosen = sharedGateway(CHOSEN);

const outputs = (signature: string, members: string) =>
  predict("outputs", `{"signature_name": "${signature}", ${members}}`);
const dtype = (name: string, value: string) =>
  predict("every_dtype", `{"signature_name": "${name}", "inputs": ${value}}`);

describe("by choice", () => {
  const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
    "access-control-max-age": null,
  };
  holds(chosen, [
    {
      name: "strictJson: NaN and infinities",
      request: dtype("float", "[NaN, Infinity, -Infinity, 1]"),
      json: { outputs: ["NaN", "Infinity", "-Infinity", 1] },
    },
    {
      name: "strictJson: bytes",
      request: predict("strings", '{"signature_name": "same", "inputs": [{"b64": "/4A="}, "a"]}'),
      json: { outputs: [{ b64: "/4A=" }, "a"] },
    },
    {
      name: "strictJson: scores",
      request: { path: "/v1/models/features:classify", body: '{"examples": [{"f": NaN, "i": 1, "s": "a"}]}' },
      json: {
        results: [
          [
            ["a", "NaN"],
            ["1", 1],
          ],
        ],
      },
    },
    {
      name: "strictJson: values",
      request: {
        path: "/v1/models/features:regress",
        body: '{"signature_name": "flat", "examples": [{"f": -Infinity}]}',
      },
      json: { results: ["-Infinity"] },
    },
    {
      name: "urlSafeBase64",
      request: outputs("one_bytes", '"inputs": {"b64": "_-8"}'),
      json: { outputs: { b64: "/+8=" } },
    },
    {
      name: "urlSafeBase64: features",
      request: { path: "/v1/models/features:classify", body: '{"examples": [{"s": {"b64": "_-8"}}]}' },
      json: {
        results: [
          [
            [{ b64: "/+8=" }, -1],
            ["-1", -1],
          ],
        ],
      },
    },
    { name: "cors: an answer", request: { path: "/v1/models" }, headers: cors },
    { name: "cors: an error", request: { path: "/v1/models/nobody" }, status: 404, headers: cors },
    { name: "cors: an empty 400", request: { path: "/v1/models/%zz" }, status: 400, text: "", headers: cors },
    {
      name: "cors: OPTIONS",
      request: { method: "OPTIONS", path: "/v1/x", headers: { origin: "http://a.example" } },
      text: "",
      headers: cors,
    },
    {
      name: "cors: not on the metrics",
      request: { path: "/metrics" },
      headers: { "access-control-allow-origin": null },
    },
  ]);

  test("a changed choice acts without a restart", async () => {
    const gateway = chosen();
    const now = async () =>
      (await gateway.post("/v1/models/every_dtype:predict", '{"signature_name": "float", "inputs": NaN}')).text;
    expect(await now()).toContain('"NaN"');
    writeFileSync(gateway.configFile, JSON.stringify(withFreePorts({ ...CHOSEN, compatibility: {} })));
    await expect.poll(now).toContain(": NaN\n");
  });
});
