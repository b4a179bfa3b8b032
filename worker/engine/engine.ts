import type { Deadline } from "../../core/index.ts";
import type { Signatures, Tensor, TensorHead } from "../../tensor/index.ts";

/** What turns a version folder into something that runs. One engine a process; every worker has exactly one. */
export interface Engine {
  /** For logs, status and metrics: `tensorflow 2.21.0`. */
  readonly description: string;

  /**
   * Loads the MetaGraph whose tags equal `tags` from a SavedModel folder, restored and initialised.
   * Fails with NOT_FOUND (no SavedModel, no such tags) or with the runtime's own code and message.
   * Does not block the event loop. The caller closes the model.
   */
  load(directory: string, options: LoadOptions): Promise<LoadedModel>;

  /** Bytes of memory that the folder's model will take, an upper guess made from its files before a load. */
  estimateBytes(directory: string): Promise<number>;

  /** Ends the engine; models still open become unusable. */
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Default: ["serve"]. */
  readonly tags: readonly string[];
}

export interface LoadedModel {
  readonly signatures: Signatures;
  /** `tensorflow.serving.SignatureDefMap` exactly as the model wrote it: the answer to GetModelMetadata. */
  readonly signatureDefMap: Uint8Array;
  /** By signature, what a run of it does beside answering its inputs; one that is missing only reads. */
  readonly effects: ReadonlyMap<string, Effect>;

  /**
   * One session run. Answers at once for a plan that has proven quick, else as a promise: callers always `await`.
   * Errors carry the runtime's own code and message (INVALID_ARGUMENT for a bad feed). Past its deadline: DEADLINE_EXCEEDED.
   */
  run(call: RunCall): Tensor[] | Promise<Tensor[]>;

  /** Frees the native session, once runs that were given up (deadline, signal) have ended. The caller makes sure that no run is under way. */
  close(): Promise<void>;
}

/** Something in a signature's graph that makes a run more than a function of its inputs and the model's variables. */
export interface Effect {
  /** A run may change what later ones answer, or what is outside: it must not run unasked. Else it draws, or reads a clock. */
  readonly lasts: boolean;
  /** `AssignAddVariableOp (node "n") writes what outlives the run`. */
  readonly told: string;
}

export interface RunCall {
  /** Names what is run, so that measured times are kept by it: the signature's key, or several joined. */
  readonly plan: string;
  /** Graph tensor name (`x:0`) and the value to feed. */
  readonly feeds: readonly (readonly [string, Tensor])[];
  /** Graph tensor names, in the order of the answer. */
  readonly fetches: readonly string[];
  /**
   * Asked once the run has ended, where all outputs are numbers, for memory to copy each of them to; the answer's tensors are then
   * views of it. Without it, or where it answers undefined, they get memory of their own.
   */
  readonly placesFor?: ((outputs: readonly TensorHead[]) => readonly Uint8Array[] | undefined) | undefined;
  readonly deadline: Deadline;
  /** The caller's giving up: a run that still waits is dropped, one under way is left to end unheard; answered CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}
