import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testWith } from "../../setup/programs.ts";
import { MODELS } from "../../setup/tensorgate.ts";
import { example, floats, sharedClient } from "./cases.ts";

const { client, gateway } = sharedClient({
  server: { rest: { port: 0 }, grpc: { port: 0 }, monitoring: { path: "/monitoring/prometheus/metrics" } },
  models: [{ name: "half", path: join(MODELS, "half_plus_two") }],
});

/** Counts of a metric without its buckets: `{labels}` and the number. */
async function counts(name: string): Promise<Record<string, number>> {
  const { text } = await gateway().get("/monitoring/prometheus/metrics");
  const rows = text.split("\n").filter((line) => line.startsWith(`:tensorflow:serving:${name}{`));
  return Object.fromEntries(
    rows.map((row) => [row.slice(row.indexOf("{"), row.lastIndexOf(" ")), Number(row.split(" ").at(-1))]),
  );
}

test("requests of both ports are in TensorFlow Serving's metrics, by names that we have", async () => {
  const input = { example_list: { examples: [example({ x: 1 }), example({ x: 2 })] } };
  await client().call("Predict", { model_spec: { name: "half" }, inputs: { x: floats([1], 1) } });
  await client().call("Regress", { model_spec: { name: "half", signature_name: "regress_x_to_y" }, input });
  await client().outcome("Predict", { model_spec: { name: "nobody" } });
  await client().call("GetModelStatus", { model_spec: { name: "half" } });
  await gateway().predict("half", { instances: [1] });
  await gateway().predict("half", "no json");
  await gateway().get("/v1/models/half");
  await gateway().get("/v1/models/half/anything");
  await gateway().get("/v1/models");

  expect(await counts("request_count")).toEqual({
    '{model_name="half",status="OK"}': 4,
    '{model_name="",status="NOT_FOUND"}': 1,
    '{model_name="half",status="INVALID_ARGUMENT"}': 1,
    '{model_name="",status="INVALID_ARGUMENT"}': 1,
  });
  expect(await counts("request_latency_count")).toEqual({
    '{model_name="half",API="Predict",entrypoint="GRPC"}': 1,
    '{model_name="half",API="Regress",entrypoint="GRPC"}': 1,
    '{model_name="half",API="predict",entrypoint="REST"}': 1,
    '{model_name="half",API="",entrypoint="REST"}': 1,
  });
  expect(await counts("runtime_latency_count")).toEqual({
    '{model_name="half",API="Predict",runtime="TF1"}': 2,
    '{model_name="half",API="Regress",runtime="TF1"}': 1,
  });
  expect(await counts("request_example_count_total")).toEqual({ '{model="half"}': 2 });
});

testWith("promtool")("promtool finds no fault with /metrics", async () => {
  const { text } = await gateway().get("/metrics");
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
});
