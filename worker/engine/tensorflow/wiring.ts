import { InferenceError } from "../../../core/index.ts";
import type { RunCall } from "../engine.ts";
import type { Library, Pointer } from "./library.ts";

/** What a run feeds and fetches, found in the graph. */
export interface Wiring {
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
  /** Read only, so shared by all runs. */
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
  /** For runs in the calling thread, of which there is one at a time: their tensors; zeros between them. */
  readonly tensors: RunTensors;
}

/** Addresses of the tensors of one run; 0 where there is none yet. */
export interface RunTensors {
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
}

export function runTensors(inputCount: number, outputCount: number): RunTensors {
  return { inputs: addresses(inputCount), outputs: addresses(outputCount) };
}

/** Over an ArrayBuffer of its own, so that the memory stays where it is while a pool thread uses it. */
function addresses(count: number): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(count * 8));
}

/** Whether the wiring is that of these names, in this order. */
export function isWiredFor(wiring: Wiring, feeds: RunCall["feeds"], fetches: readonly string[]): boolean {
  return (
    wiring.feeds.length === feeds.length &&
    wiring.fetches.length === fetches.length &&
    wiring.feeds.every((name, i) => name === feeds[i]?.[0]) &&
    wiring.fetches.every((name, i) => name === fetches[i])
  );
}

/** Finds the named tensors in a graph. Throws INVALID_ARGUMENT for one that is not there; TensorFlow would end the process over an index out of range. */
export function wire(library: Library, graph: Pointer, feeds: readonly string[], fetches: readonly string[]): Wiring {
  return {
    feeds,
    fetches,
    inputs: outputsOf(library, graph, feeds),
    outputs: outputsOf(library, graph, fetches),
    tensors: runTensors(feeds.length, fetches.length),
  };
}

/** An array of `TF_Output {TF_Operation *oper; int index}`, 16 bytes each. */
function outputsOf(library: Library, graph: Pointer, names: readonly string[]): BigUint64Array {
  const array = addresses(names.length * 2);
  names.forEach((name, i) => {
    const { operation, index } = find(library, graph, name);
    array[i * 2] = operation;
    array[i * 2 + 1] = BigInt(index);
  });
  return array;
}

function find(library: Library, graph: Pointer, name: string): { operation: Pointer; index: number } {
  const [, operationName, digits] = /^(.+?)(?::(\d{1,9}))?$/s.exec(name) ?? [];
  const operation = operationName === undefined ? undefined : library.TF_GraphOperationByName(graph, operationName);
  const index = Number(digits ?? 0);
  if (!operation || index >= library.TF_OperationNumOutputs(operation)) {
    // The words of TensorFlow's own session for it.
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `Tensor ${name}, specified in either feed_devices or fetch_devices was not found in the Graph`,
    );
  }
  return { operation, index };
}
