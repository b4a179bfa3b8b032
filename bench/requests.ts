import { isDeepStrictEqual } from "node:util";
import { Client, credentials } from "@grpc/grpc-js";
import { codec } from "../protos/index.ts";

/** Numbers and rounding apart, an answer is what was expected of it. */
export function isNear(got: unknown, want: unknown): boolean {
  if (typeof got === "number" && typeof want === "number")
    return Math.abs(got - want) <= 1e-4 * Math.max(1, Math.abs(want));
  if (Array.isArray(got) && Array.isArray(want)) {
    return got.length === want.length && got.every((item, index) => isNear(item, want[index]));
  }
  return isDeepStrictEqual(got, want);
}

/** Posts JSON and throws unless the answer's part that `pick` takes is near to `want`. */
export async function checkJson(
  url: string,
  body: string,
  pick: (answer: never) => unknown,
  want: unknown,
): Promise<void> {
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  const text = await response.text();
  if (!response.ok || !isNear(pick(JSON.parse(text) as never), want)) {
    throw new Error(`${url} answered ${response.status} ${text.slice(0, 500)}, not ${JSON.stringify(want)}`);
  }
}

/** The values of a float tensor in the JSON of proto3, in typed fields or as bytes. */
export function protoJsonFloats({
  floatVal,
  tensorContent,
}: {
  floatVal?: number[];
  tensorContent?: string;
}): number[] {
  return floatVal ?? floatsOf(Buffer.from(tensorContent ?? "", "base64"));
}

export const PREDICT = "/tensorflow.serving.PredictionService/Predict";

interface TensorMessage {
  readonly dtype: string;
  readonly tensor_shape: { readonly dim: readonly { readonly size: string }[] };
  readonly float_val: readonly number[];
  readonly tensor_content: Buffer;
}
interface PredictRequest {
  readonly model_spec: { readonly name: string };
  readonly inputs: Readonly<Record<string, TensorMessage>>;
}
interface PredictResponse {
  readonly outputs: Readonly<Record<string, TensorMessage>>;
}

/** A serialized PredictRequest with one float tensor, as TensorFlow's Python client writes it: `tensor_content`. */
export function predictRequest(model: string, input: string, values: Float32Array, shape: readonly number[]): Buffer {
  const tensor = {
    dtype: "DT_FLOAT",
    tensor_shape: { dim: shape.map((size) => ({ size: String(size) })) },
    tensor_content: Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  };
  return codec<PredictRequest>("tensorflow.serving.PredictRequest").encode({
    model_spec: { name: model },
    inputs: { [input]: tensor },
  });
}

/** A message as it stands in a gRPC body: not compressed, its length before it. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** Calls Predict once and throws unless output `y` is near to `want`. Answers the response's length in bytes. */
export async function checkPredict(address: string, request: Buffer, want: readonly number[]): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  try {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(PREDICT, asIs, asIs, request, { deadline: Date.now() + 30_000 }, (error, bytes) => {
        if (error === null && bytes !== undefined) resolve(bytes);
        else reject(error ?? new Error("an answer without a message"));
      });
    });
    const { y } = codec<PredictResponse>("tensorflow.serving.PredictResponse").decode(answer).outputs;
    const got = y === undefined || y.float_val.length > 0 ? (y?.float_val ?? []) : floatsOf(y.tensor_content);
    if (!isNear([...got], [...want])) throw new Error(`${address} answered ${JSON.stringify(got).slice(0, 500)}`);
    return answer.byteLength;
  } finally {
    client.close();
  }
}

function floatsOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
