import type { GrpcClient, Message } from "./grpc-client.ts";
import type { Tensorgate } from "./tensorgate.ts";

/** What a Predict has come to, whichever edge it went through. */
export interface Outcome {
  /** `OK`, or the error's code or HTTP status and its words. */
  readonly outcome: string;
  readonly outputs: Readonly<Record<string, readonly (number | string | boolean)[]>>;
  readonly version: string | undefined;
  readonly arm: string | undefined;
  readonly header: (name: string) => string | undefined;
}

export interface Asked {
  readonly model: string;
  /** Floats by name, each a row. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signature?: string;
}

/** The columnar form. */
export async function predictRest(gateway: Tensorgate, asked: Asked): Promise<Outcome> {
  const { model, inputs, headers = {}, signature } = asked;
  const nested = Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [name, listsOf(values, asked.shapes?.[name] ?? [values.length])]),
  );
  const response = await fetch(`${gateway.rest}/v1/models/${model}:predict`, {
    method: "POST",
    headers,
    body: JSON.stringify({ inputs: nested, ...(signature === undefined ? {} : { signature_name: signature }) }),
  });
  const text = await response.text();
  const { outputs, error } = JSON.parse(text) as { outputs?: unknown; error?: string };
  const named = typeof outputs === "object" && outputs !== null && !Array.isArray(outputs) ? outputs : { "": outputs };
  const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
  return {
    outcome: response.status === 200 ? "OK" : `${response.status}: ${error}`,
    outputs:
      response.status === 200
        ? Object.fromEntries(Object.entries(named).map(([name, value]) => [name, [value].flat(9) as number[]]))
        : {},
    version: header("x-tensorgate-model-version"),
    arm: header("x-tensorgate-arm"),
    header,
  };
}

export async function predictGrpc(client: GrpcClient, asked: Asked): Promise<Outcome> {
  const { model, inputs, headers = {}, signature = "" } = asked;
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [
      name,
      {
        dtype: "DT_FLOAT",
        tensor_shape: { dim: (asked.shapes?.[name] ?? [values.length]).map((size) => ({ size })) },
        float_val: values,
      },
    ]),
  );
  const request = { model_spec: { name: model, signature_name: signature }, inputs: tensors };
  const { outcome, answer, metadata } = await client.told("Predict", request, { metadata: headers });
  const outputs = Object.entries((answer["outputs"] ?? {}) as Record<string, Message>);
  const header = (name: string): string | undefined => metadata[name] as string | undefined;
  return {
    outcome,
    outputs: Object.fromEntries(outputs.map(([name, tensor]) => [name, valuesOf(tensor)])),
    version: header("x-tensorgate-model-version"),
    arm: header("x-tensorgate-arm"),
    header,
  };
}

function listsOf(values: readonly number[], shape: readonly number[]): unknown {
  const [size, ...inner] = shape;
  if (size === undefined) return values[0];
  const each = values.length / size;
  return Array.from({ length: size }, (_, i) => listsOf(values.slice(i * each, (i + 1) * each), inner));
}

function valuesOf({ dtype, float_val, int64_val, string_val, bool_val, tensor_content }: Message): (number | string)[] {
  if (tensor_content.length > 0) return Array.from(new Float32Array(Uint8Array.from(tensor_content).buffer));
  switch (dtype) {
    case "DT_FLOAT":
      return float_val;
    case "DT_INT64":
      return int64_val;
    case "DT_BOOL":
      return bool_val;
    default:
      return string_val.map(String);
  }
}
