import { InferenceError } from "../../../core/index.ts";
import type { Library, Pointer } from "./library.ts";

/** Graph tensors as TF_SessionRun wants them: arrays of `TF_Output {TF_Operation *oper; int index}`, 16 bytes each. Read only, so shared by all runs. */
export interface Wiring {
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
}

/** Finds the named tensors in a graph. Throws INVALID_ARGUMENT for one that is not there; TensorFlow would end the process over an index out of range. */
export function wire(library: Library, graph: Pointer, feeds: readonly string[], fetches: readonly string[]): Wiring {
  return { inputs: outputsOf(library, graph, feeds), outputs: outputsOf(library, graph, fetches) };
}

function outputsOf(library: Library, graph: Pointer, names: readonly string[]): BigUint64Array {
  // Over an ArrayBuffer of its own, so that the memory stays where it is while a pool thread reads it.
  const array = new BigUint64Array(new ArrayBuffer(names.length * 16));
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
