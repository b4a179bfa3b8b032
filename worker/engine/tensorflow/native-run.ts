import type { Tensor } from "../../../tensor/index.ts";
import type { RunCall } from "../engine.ts";
import type { Library, Pointer } from "./library.ts";
import { throwUnlessOk } from "./status.ts";
import { fromNative, headOf, toNative } from "./tensors.ts";
import type { RunTensors, Wiring } from "./wiring.ts";

/**
 * The native memory of one TF_SessionRun: a status, the fed tensors and those that came back. Disposing it frees all of them,
 * however far the run came; never while the run is under way.
 */
export class NativeRun implements Disposable {
  readonly #library: Library;
  readonly #call: RunCall;
  readonly #wiring: Wiring;
  readonly #inputs: BigUint64Array;
  readonly #outputs: BigUint64Array;
  readonly #status: Pointer;

  /** `tensors` are all zeros, and nobody else's until this is disposed. */
  constructor(library: Library, call: RunCall, wiring: Wiring, tensors: RunTensors) {
    this.#library = library;
    this.#call = call;
    this.#wiring = wiring;
    this.#inputs = tensors.inputs;
    this.#outputs = tensors.outputs;
    this.#status = library.TF_NewStatus();
  }

  /** Copies the feeds into native tensors. Throws INVALID_ARGUMENT for one that cannot be. */
  feed(): void {
    this.#call.feeds.forEach(([, tensor], i) => {
      this.#inputs[i] = toNative(this.#library, tensor);
    });
  }

  runInCaller(session: Pointer, options: Pointer): void {
    this.#library.TF_SessionRun(...this.#arguments(session, options));
  }

  /** Runs on a thread of libuv's pool; never rejects because of the graph, see {@link answer}. */
  runOnPool(session: Pointer, options: Pointer | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#library.TF_SessionRun.async(...this.#arguments(session, options), (error: Error | null) => {
        if (error !== null) reject(error);
        else resolve();
      });
    });
  }

  /** The outputs, copied; throws what TensorFlow reported. */
  answer(): Tensor[] {
    throwUnlessOk(this.#library, this.#status);
    const { fetches, placesFor } = this.#call;
    const heads = fetches.map((name, i) => headOf(this.#library, this.#outputs[i] ?? 0n, name));
    const places = heads.every(({ dtype }) => dtype.itemBytes > 0) ? placesFor?.(heads) : undefined;
    return heads.map((head, i) => fromNative(this.#library, this.#outputs[i] ?? 0n, head, places?.[i]));
  }

  [Symbol.dispose](): void {
    this.#free(this.#inputs);
    this.#free(this.#outputs);
    this.#library.TF_DeleteStatus(this.#status);
  }

  #free(tensors: BigUint64Array): void {
    for (let i = 0; i < tensors.length; i++) {
      const tensor = tensors[i] ?? 0n;
      tensors[i] = 0n;
      if (tensor !== 0n) this.#library.TF_DeleteTensor(tensor);
    }
  }

  #arguments(session: Pointer, options: Pointer | null): Parameters<Library["TF_SessionRun"]> {
    const { inputs, outputs } = this.#wiring;
    const inputCount = this.#inputs.length;
    const outputCount = this.#outputs.length;
    return [
      session,
      options,
      inputs,
      this.#inputs,
      inputCount,
      outputs,
      this.#outputs,
      outputCount,
      null,
      0,
      null,
      this.#status,
    ];
  }
}
