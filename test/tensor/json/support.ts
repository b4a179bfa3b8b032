import {
  type DTypeName,
  decodePredictInputs,
  dtypeNamed,
  type PredictInputs,
  parseRequestBody,
  type Signature,
} from "../../../tensor/index.ts";

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** A signature whose inputs have these dtypes; undefined for DT_INVALID. */
export function signature(inputs: Readonly<Record<string, DTypeName | undefined>>): Signature {
  const infos = Object.entries(inputs).map(
    ([name, dtype]) =>
      [
        name,
        { name: `${name}:0`, dtype: dtype === undefined ? undefined : dtypeNamed(dtype), shape: undefined },
      ] as const,
  );
  return { key: "serving_default", methodName: "", inputs: new Map(infos), outputs: new Map(), defaults: new Map() };
}

export function decode(body: string, inputs: Readonly<Record<string, DTypeName | undefined>>): PredictInputs {
  return decodePredictInputs(parseRequestBody(bytesOf(body)), signature(inputs));
}

/** `CODE: message`, or what it gave instead of failing. */
export function failureOf(run: () => unknown): string {
  let result: unknown;
  try {
    result = run();
  } catch (thrown) {
    const { code, message } = thrown as { code?: string; message: string };
    return `${code}: ${message}`;
  }
  return `nothing thrown, got ${String(result)}`;
}

/** `count` times the same. */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}
