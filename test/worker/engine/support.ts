import { fileURLToPath } from "node:url";
import { NO_DEADLINE, silentLogger } from "../../../core/index.ts";
import {
  type DTypeName,
  dtypeNamed,
  elementCount,
  type PackedTensor,
  type StringTensor,
  stringTensor,
  type Tensor,
} from "../../../tensor/index.ts";
import {
  createTensorFlowEngine,
  type Engine,
  type LoadedModel,
  type RunCall,
  type SessionSettings,
} from "../../../worker/engine/index.ts";
import { ensureRuntime } from "../../../worker/runtime/index.ts";

export async function openEngine(settings: SessionSettings = {}): Promise<Engine> {
  return createTensorFlowEngine(await ensureRuntime(), settings, silentLogger);
}

/** A version folder under `test/data/models`. */
export function modelFolder(name: string): string {
  return fileURLToPath(new URL(`../../data/models/${name}/1`, import.meta.url));
}

export function load(engine: Engine, name: string): Promise<LoadedModel> {
  return engine.load(modelFolder(name), { tags: ["serve"] });
}

export function floats(shape: readonly number[], ...values: number[]): PackedTensor {
  return packed("float", shape, new Uint8Array(Float32Array.from(values).buffer));
}

/** Unchecked, so that a test can say what is wrong. */
export function packed(dtype: DTypeName, shape: readonly number[], data: Uint8Array): PackedTensor {
  return { kind: "packed", dtype: dtypeNamed(dtype), shape, data };
}

export function strings(...values: (string | Uint8Array)[]): StringTensor {
  return stringTensor(
    [values.length],
    values.map((value) => (typeof value === "string" ? Buffer.from(value) : value)),
  );
}

/** The values of a float tensor, or the text of a string tensor. */
export function valuesOf(tensor: Tensor | undefined): unknown[] {
  if (tensor === undefined) throw new Error("no tensor");
  if (tensor.kind === "string") return tensor.values.map((value) => Buffer.from(value).toString());
  return Array.from(new Float32Array(Uint8Array.from(tensor.data).buffer, 0, elementCount(tensor.shape)));
}

/** Runs a signature by its aliases: its outputs, in the order of their names in the model. */
export async function runSignature(
  model: LoadedModel,
  key: string,
  inputs: Record<string, Tensor>,
  more: Partial<RunCall> = {},
): Promise<Tensor[]> {
  return model.run(callOf(model, key, inputs, more));
}

export function callOf(
  model: LoadedModel,
  key: string,
  inputs: Record<string, Tensor>,
  more: Partial<RunCall> = {},
): RunCall {
  const signature = model.signatures.get(key);
  if (signature === undefined) throw new Error(`no signature ${key}`);
  const feeds = Object.entries(inputs).map(
    ([alias, tensor]) => [signature.inputs.get(alias)?.name ?? alias, tensor] as const,
  );
  const fetches = Array.from(signature.outputs.values(), (info) => info.name);
  return { plan: key, feeds, fetches, deadline: NO_DEADLINE, ...more };
}
