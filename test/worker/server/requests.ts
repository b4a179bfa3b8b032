import { LATEST, type ModelSpec, modelName, type VersionChoice, version } from "../../../core/index.ts";
import {
  dtypeNamed,
  encodePredictRequest,
  type PredictRequest,
  packedTensor,
  type Tensor,
} from "../../../tensor/index.ts";

export function spec(more: Partial<Omit<ModelSpec, "name">> & { readonly name?: string } = {}): ModelSpec {
  return { choice: LATEST, signature: "", ...more, name: modelName(more.name ?? "half_plus_two") };
}

export const byVersion = (number: number): VersionChoice => ({ by: "version", version: version(number) });

export function floats(shape: readonly number[], ...values: number[]): Tensor {
  return packedTensor(dtypeNamed("float"), shape, new Uint8Array(Float32Array.from(values).buffer));
}

export const ints = (...values: number[]): Tensor =>
  packedTensor(dtypeNamed("int32"), [values.length], new Uint8Array(Int32Array.from(values).buffer));

export const X: Readonly<Record<string, Tensor>> = { x: floats([3, 1], 1, 2, 5) };

export function predictRequest(
  asked: ModelSpec | undefined,
  inputs: Readonly<Record<string, Tensor>> = X,
  outputFilter: PredictRequest["outputFilter"] = [],
): Buffer {
  const request = { spec: asked, inputs: new Map(Object.entries(inputs)), outputFilter };
  return Buffer.from(encodePredictRequest(request, "content"));
}

/** A call of the test model `slow`, which answers `x` after `ms`. */
export function slowRequest(ms: number, choice: VersionChoice = LATEST): Buffer {
  return predictRequest(spec({ name: "slow", choice }), { x: floats([1], 7), ms: floats([], ms) });
}
