import { afterAll, beforeAll, expect, test } from "vitest";
import { GrpcClient, type Message } from "../../setup/grpc-client.ts";
import type { Tensorgate } from "../../setup/tensorgate.ts";
import { sharedGateway } from "../rest/cases.ts";

/** What TensorFlow Serving answers to a call. */
export interface GrpcCase {
  readonly name: string;
  readonly method: string;
  readonly request: Message;
  /** `CODE: message`; a message that goes on is ours to write. Default: it is answered. */
  readonly error?: string;
  /** The answer, as {@link plain} tells it. */
  readonly answer?: Message;
}

/** One product for all tests of a file, and a client of it. */
export function sharedClient(config: Record<string, unknown>): {
  readonly gateway: () => Tensorgate;
  readonly client: () => GrpcClient;
} {
  const gateway = sharedGateway(config);
  let client: GrpcClient | undefined;
  beforeAll(() => {
    client = new GrpcClient(gateway().grpc);
  });
  afterAll(() => client?.close());
  return {
    gateway,
    client: () => {
      if (client === undefined) throw new Error("the gateway has not started");
      return client;
    },
  };
}

/** A test for each case. */
export function holds(client: () => GrpcClient, cases: readonly GrpcCase[]): void {
  for (const { name, method, request, error, answer } of cases) {
    test(error === undefined ? name : `${name}: ${error.replace(/:.*/s, "")}`, async () => {
      if (error !== undefined) {
        const outcome = await client().outcome(method, request);
        expect(outcome.slice(0, error.length)).toBe(error);
        return;
      }
      const told = plain(await client().call(method, request));
      if (answer !== undefined) expect(told).toEqual(answer);
    });
  }
}

/**
 * An answer in short: `model_spec` as `m 124 serving_default`, a tensor as `DT_FLOAT [2,1] float_val 2.5 3` (its dtype,
 * shape, the one field that holds its values, and those), classes as `label score`.
 */
export function plain(answer: Message): Message {
  const short: Message = {};
  for (const [field, value] of Object.entries(answer)) {
    if (field === "model_spec") short[field] = specText(value);
    else if (field === "outputs") short[field] = mapped(value, tensorText);
    else if (field === "result") Object.assign(short, resultsOf(value));
    else if (field === "results") short[field] = value.map(taskText);
    else short[field] = value;
  }
  return short;
}

function specText(spec: Message | null): string | null {
  return spec && [spec["name"], spec["version"]?.value, spec["signature_name"]].filter(Boolean).join(" ");
}

function mapped(values: Message, to: (value: Message) => string): Message {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));
}

function tensorText(tensor: Message): string {
  const shape = tensor["tensor_shape"].dim.map(({ size }: Message) => size).join();
  const held = Object.entries(tensor).filter(([field, value]) => /_val$|_content$/.test(field) && value.length > 0);
  const values = held.map(
    ([field, value]) => `${field} ${Buffer.isBuffer(value) ? value.toString("hex") : value.join(" ")}`,
  );
  return [tensor["dtype"], `[${shape}]`, ...values].join(" ");
}

function resultsOf(result: Message): Message {
  if (result["regressions"] !== undefined) {
    return { regressions: result["regressions"].map(({ value }: Message) => value) };
  }
  return {
    classifications: result["classifications"].map(({ classes }: Message) =>
      classes.map(({ label, score }: Message) => `${label} ${score}`),
    ),
  };
}

function taskText(task: Message): Message {
  const result = task["classification_result"] ?? task["regression_result"];
  return { model_spec: specText(task["model_spec"]), ...resultsOf(result) };
}

/** A tensor with its values in the field that is named. */
export function tensor(dtype: string, shape: readonly number[], field: string, ...values: readonly unknown[]): Message {
  const tensor_shape = { dim: shape.map((size) => ({ size })) };
  return { dtype: `DT_${dtype}`, tensor_shape, [field]: values };
}

export function floats(shape: readonly number[], ...values: readonly number[]): Message {
  return tensor("FLOAT", shape, "float_val", ...values);
}

type Value = number | bigint | string;

/** A tf.Example: numbers are floats, bigints integers, texts bytes. */
export function example(features: Readonly<Record<string, Value>>): Message {
  const feature = Object.fromEntries(Object.entries(features).map(([name, value]) => [name, listOf(value)]));
  return { features: { feature } };
}

function listOf(value: Value): Message {
  if (typeof value === "number") return { float_list: { value: [value] } };
  if (typeof value === "bigint") return { int64_list: { value: [String(value)] } };
  return { bytes_list: { value: [Buffer.from(value)] } };
}
