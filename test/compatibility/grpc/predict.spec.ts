import { describe } from "vitest";
import type { Message } from "../../setup/grpc-client.ts";
import { modelsNamed } from "../rest/cases.ts";
import { floats, type GrpcCase, holds, sharedClient, tensor } from "./cases.ts";

const { client } = sharedClient({
  models: [
    ...modelsNamed("half_plus_two").map((model) => ({
      ...model,
      versions: "all",
      labels: { stable: 123, canary: 124 },
    })),
    ...modelsNamed("outputs", "mnist_two_signatures", "picky", "failing"),
  ],
});

const X = { x: floats([3, 1], 1, 2, 5) };
const Y = "DT_FLOAT [3,1] float_val 2.5 3 4.5";

/** A Predict of half_plus_two, unless the spec names another model. */
function predict(
  name: string,
  spec: Message | undefined,
  inputs: Message = X,
  more: Message = {},
): Omit<GrpcCase, "error"> {
  const model_spec = spec && { name: "half_plus_two", ...spec };
  return { name, method: "Predict", request: { ...(model_spec && { model_spec }), inputs, ...more } };
}

const answered = (version: number) => ({
  answer: { model_spec: `half_plus_two ${version} serving_default`, outputs: { y: Y } },
});

describe("which model, version and signature", () => {
  holds(client, [
    { ...predict("the highest version", {}), ...answered(124) },
    { ...predict("a version", { version: { value: 123 } }), ...answered(123) },
    { ...predict("a label, which is not echoed", { version_label: "stable" }), ...answered(123) },
    { ...predict("a signature", { signature_name: "serving_default" }), ...answered(124) },
    { ...predict("no ModelSpec", undefined), error: "INVALID_ARGUMENT: Missing ModelSpec" },
    { ...predict("no name", { name: "" }), error: "INVALID_ARGUMENT: ModelSpec has no name specified." },
    { ...predict("an unknown model", { name: "m" }), error: "NOT_FOUND: Servable not found for request: Latest(m)" },
    {
      ...predict("letter case counts", { name: "Half_plus_two" }),
      error: "NOT_FOUND: Servable not found for request: Latest(Half_plus_two)",
    },
    {
      ...predict("an unknown version", { version: { value: 7 } }),
      error: "NOT_FOUND: Servable not found for request: Specific(half_plus_two, 7)",
    },
    {
      ...predict("a wrapper that holds 0 asks for version 0", { version: {} }),
      error: "NOT_FOUND: Servable not found for request: Specific(half_plus_two, 0)",
    },
    {
      ...predict("a version of an unknown model", { name: "m", version: { value: "9223372036854775807" } }),
      error: "NOT_FOUND: Servable not found for request: Specific(m, 9223372036854775807)",
    },
    {
      ...predict("an unknown label", { version_label: "old" }),
      error: "INVALID_ARGUMENT: Unrecognized servable version label: old",
    },
    {
      ...predict("an empty label is a label", { version_label: "" }),
      error: "INVALID_ARGUMENT: Unrecognized servable version label: ",
    },
    {
      ...predict("a label of an unknown model", { name: "m", version_label: "stable" }),
      error: "INVALID_ARGUMENT: Unrecognized servable version label: stable",
    },
    {
      ...predict("an unknown signature", { signature_name: "s" }),
      error: 'FAILED_PRECONDITION: Serving signature key "s" not found.',
    },
    {
      ...predict(
        "the signature is looked at before the inputs",
        { signature_name: "s" },
        { z: tensor("INVALID", [], "int_val") },
      ),
      error: 'FAILED_PRECONDITION: Serving signature key "s" not found.',
    },
    {
      ...predict("what only streams and disaggregated servers take is passed over", {}, X, {
        predict_streamed_options: { request_state: "SPLIT", split_dimensions: { x: 1 }, return_single_response: true },
        client_id: Buffer.from("me"),
        request_options: { deterministic_mode: "FIXED_DECODER_SLOT", return_stoptokens: [1, 2] },
      }),
      ...answered(124),
    },
  ]);
});

describe("inputs", () => {
  const mnist = { name: "mnist_two_signatures", signature_name: "predict_images" };
  holds(client, [
    {
      ...predict("none", {}, {}),
      error:
        "INVALID_ARGUMENT: input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
    },
    {
      ...predict("too many", {}, { ...X, b: floats([], 1), a: floats([], 1) }),
      error:
        "INVALID_ARGUMENT: input size does not match signature: 3!=1 len({a,b,x}) != len({x}). Sent extra: {a,b}. Missing but required: {}.",
    },
    {
      ...predict("too few", mnist, { keep_prob: floats([], 1) }),
      error:
        "INVALID_ARGUMENT: input size does not match signature: 1!=2 len({keep_prob}) != len({images,keep_prob}). Sent extra: {}. Missing but required: {images}.",
    },
    {
      ...predict(
        "too many is told before a tensor that cannot be read",
        {},
        { x: tensor("INVALID", [], "int_val"), y: floats([], 1) },
      ),
      error: "INVALID_ARGUMENT: input size does not match signature: 2!=1",
    },
    {
      ...predict("another name", {}, { z: floats([1], 1) }),
      error:
        "INVALID_ARGUMENT: Signature input alias: x(feed name: x:0) not found in request and no default value provided. Inputs expected to be in the request {z}, or default input alias set: ",
    },
    {
      ...predict("another dtype", {}, { x: tensor("INT32", [1], "int_val", 1) }),
      error: "INVALID_ARGUMENT: Expects arg[0] to be float but int32 is provided",
    },
    {
      ...predict("a scalar, where the signature says [-1, 1]", {}, { x: floats([], 1) }),
      answer: { model_spec: "half_plus_two 124 serving_default", outputs: { y: "DT_FLOAT [] float_val 2.5" } },
    },
    {
      ...predict("no rows", {}, { x: floats([0, 1]) }),
      answer: { model_spec: "half_plus_two 124 serving_default", outputs: { y: "DT_FLOAT [0,1]" } },
    },
    {
      ...predict("the graph decides on shapes", mnist, { images: floats([2, 3], 1), keep_prob: floats([], 1) }),
      error: "INVALID_ARGUMENT: Matrix size-incompatible",
    },
  ]);
});

describe("what was expected follows the reference's words:", () => {
  holds(client, [
    {
      ...predict("the signatures", { signature_name: "s" }),
      error:
        'FAILED_PRECONDITION: Serving signature key "s" not found.; the model has "classify_x_to_y", "regress_x2_to_y3"',
    },
    {
      ...predict("the inputs, of another dtype", {}, { x: tensor("INT32", [1], "int_val", 1) }),
      error:
        'INVALID_ARGUMENT: Expects arg[0] to be float but int32 is provided; "serving_default" takes x: float [-1,1]',
    },
    {
      ...predict("the nearest model", { name: "half_plus_too" }),
      error: 'NOT_FOUND: Servable not found for request: Latest(half_plus_too) (did you mean "half_plus_two"?)',
    },
  ]);
});

describe("a signature with defaults", () => {
  const defaults = { name: "outputs", signature_name: "defaults" };
  holds(client, [
    {
      ...predict("takes them for what is not sent", defaults, { x: floats([2], 1, 3) }),
      answer: { model_spec: "outputs 1 defaults", outputs: { y: "DT_FLOAT [2] float_val 0.5 1.5" } },
    },
    {
      ...predict("takes what is sent before them", defaults, { x: floats([2], 1, 3), k: floats([], 2) }),
      answer: { model_spec: "outputs 1 defaults", outputs: { y: "DT_FLOAT [2] float_val 2 6" } },
    },
    {
      ...predict("wants what has none", defaults, { k: floats([], 2) }),
      error:
        "INVALID_ARGUMENT: Signature input alias: x(feed name: x:0) not found in request and no default value provided. Inputs expected to be in the request {k}, or default input alias set: k",
    },
    {
      ...predict("wants what has none, whatever else is there", defaults, {}),
      error: "INVALID_ARGUMENT: Signature input alias: x(feed name: x:0) not found in request",
    },
    {
      ...predict("knows what is surplus", defaults, { x: floats([], 1), z: floats([], 1) }),
      error: "INVALID_ARGUMENT: Inputs contains invalid name. Used request inputs: x, request input: x,z",
    },
    {
      ...predict("counts too", defaults, { x: floats([], 1), k: floats([], 1), z: floats([], 1) }),
      error:
        "INVALID_ARGUMENT: input size does not match signature: 3!=2 len({k,x,z}) != len({k,x}). Sent extra: {z}. Missing but required: {}.",
    },
  ]);
});

describe("outputs", () => {
  const three = { name: "outputs", signature_name: "three" };
  const inputs = {
    x: floats([1], 1),
    n: tensor("INT64", [1], "int64_val", "-7"),
    s: tensor("STRING", [1], "string_val", Buffer.from("a")),
  };
  const x = "DT_FLOAT [1] float_val 1";
  const n = "DT_INT64 [1] int64_val -7";
  const filtered = (name: string, output_filter: string[]) => predict(name, three, inputs, { output_filter });
  holds(client, [
    {
      ...filtered("all without a filter", []),
      answer: { model_spec: "outputs 1 three", outputs: { x, n, s_bytes: "DT_STRING [1] string_val a" } },
    },
    { ...filtered("those of the filter", ["n", "x"]), answer: { model_spec: "outputs 1 three", outputs: { n, x } } },
    {
      ...filtered("an unknown one", ["x", "y"]),
      error:
        "INVALID_ARGUMENT: output tensor alias not found in signature: y Outputs expected to be in the set {n,s_bytes,x}.",
    },
    { ...filtered("one twice", ["n", "x", "n"]), error: "INVALID_ARGUMENT: duplicate output tensor alias: n" },
    {
      ...predict(
        "inputs are looked at before the filter",
        three,
        { ...inputs, x: tensor("INVALID", [], "int_val") },
        { output_filter: ["y"] },
      ),
      error: "INVALID_ARGUMENT: tensor parsing error: x",
    },
    {
      ...predict(
        "batch sizes that differ are no matter",
        { name: "outputs", signature_name: "batches" },
        { x: floats([2], 1, 2) },
      ),
      answer: {
        model_spec: "outputs 1 batches",
        outputs: { all: "DT_FLOAT [2] float_val 1 2", first: "DT_FLOAT [1] float_val 1" },
      },
    },
  ]);
});

const failing = (signature_name: string) =>
  predict(signature_name, { name: "failing", signature_name }, { x: floats([1], 1) });

describe("an error of the graph keeps its code", () => {
  holds(client, [
    { ...failing("cancelled"), error: "CANCELLED: " },
    { ...failing("data_loss"), error: "DATA_LOSS: " },
    { ...failing("failed_precondition"), error: "FAILED_PRECONDITION: " },
    { ...failing("invalid_argument"), error: "INVALID_ARGUMENT: " },
    { ...failing("not_found"), error: "NOT_FOUND: /no/such/file" },
    { ...failing("out_of_range"), error: "OUT_OF_RANGE: End of sequence" },
    {
      ...predict("values that it refuses", { name: "picky" }, { x: floats([1], Number.NaN) }),
      error: "INVALID_ARGUMENT: no NaN here : Tensor had NaN values",
    },
  ]);
});
