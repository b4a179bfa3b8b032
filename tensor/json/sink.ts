import { InferenceError } from "../../core/index.ts";
import type { Tensor } from "../tensor.ts";
import { jsonType, quoteJson } from "./quote.ts";

/** Takes the values of one tensor in their order, from checked JSON. */
export interface Sink {
  readonly bytes: Uint8Array;
  /** Takes the value at `at`, which is no list, and gives where it ends. Throws INVALID_ARGUMENT or UNIMPLEMENTED. */
  take(at: number): number;
  /** Takes the memory of many values at once; only sinks of numbers can. */
  takePacked?(data: Uint8Array): void;
  finish(shape: readonly number[]): Tensor;
}

export function typeError(bytes: Uint8Array, at: number, name: string): InferenceError {
  const quoted = `JSON Value: ${quoteJson(bytes, at)} Type: ${jsonType(bytes, at)}`;
  return new InferenceError("INVALID_ARGUMENT", `${quoted} is not of expected type: ${name}`);
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** One after the other; a single one as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
