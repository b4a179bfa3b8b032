import type { Bytes, CallSignal, Deadline, ModelName, ModelSpec, Version } from "../core/index.ts";
import type { AnswerSpec, ExamplesInput, Signatures, Tensor } from "../tensor/index.ts";

/** The calls that run a graph. Status, metadata and reload are answered from what the gateway knows. */
export type InferenceMethod = "Predict" | "Classify" | "Regress" | "MultiInference";

/** What an edge has parsed, before anything is decided. REST and gRPC make the same. */
export interface InferenceCall {
  readonly method: InferenceMethod;
  readonly spec: ModelSpec;
  readonly body: CallBody;
  /** An HTTP header or gRPC metadata entry by its lower-case name; what routes match and stick to. */
  readonly header: (name: string) => string | undefined;
  /** Who has proven to send it, by the name that the configuration gives; undefined: nobody that is known. */
  readonly client?: string | undefined;
  /** What goes back to the client; undefined: nobody would see it. */
  readonly reply?: Reply | undefined;
  readonly deadline: Deadline;
  /** Aborted when the client gives up. */
  readonly signal: CallSignal;
}

/** What is said to the client besides the answer. */
export interface Reply {
  /**
   * Sends a header (over gRPC: metadata) with the answer, be it an error or not; the last value of a name counts. In lower case and
   * printable ASCII; not one that the edge writes itself.
   */
  addHeader(name: string, value: string): void;
}

/**
 * The request's content, made into a message only once its version is known: JSON needs the signature's dtypes, and a
 * gRPC message passes as it came, with at most its ModelSpec rewritten. `signature`: one that a route wants in place of that
 * which the request names.
 */
export interface CallBody {
  /**
   * Makes the body ready for `target`, where that takes so long that it is done off the event loop; the others are asked for
   * that target only after it. Undefined: it is ready. Rejects as they throw, and when the call's deadline or client ends it.
   */
  prepare?(target: Servable, call: CallLimits, signature?: string): Promise<void> | undefined;
  /** The serialized request message of the method, naming `target`'s model and version. May throw INVALID_ARGUMENT. */
  messageFor(target: Servable, signature?: string): Bytes;
  /** Whether the answer is read here, and not passed on as it comes; then it may come in any form. */
  readonly readsAnswer?: boolean | undefined;
  /**
   * The same in parts that can be joined with others' where the method has such: undefined for MultiInference and for a
   * message that is wrong. May throw as `messageFor` does.
   */
  inputsFor?(target: Servable, signature?: string): CallInputs | undefined;
  /** What the client has sent, but for the model and version that it asks for: equal requests are equal in it. Undefined: there is none. */
  inputBytes?(): Bytes | undefined;
  /** How many rows the request has, as far as that can be told without a signature. */
  rowCount?(): number | undefined;
  /**
   * The same for another call, which may be sent after this one has ended: the memory that it needs stays as it is. To be taken
   * before anything else is asked for.
   */
  copy?(): CallBody | undefined;
}

/** What ends a call before its answer. */
export type CallLimits = Pick<InferenceCall, "deadline" | "signal">;

/** What a call asks, but for the model. */
export type CallInputs = PredictInputs | ExamplesInputs;

/** Of Predict. */
export interface PredictInputs {
  readonly kind: "tensors";
  /** Never "". */
  readonly signature: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Aliases of the outputs wanted; empty: all. */
  readonly outputFilter: readonly string[];
}

/** Of Classify and Regress. */
export interface ExamplesInputs {
  readonly kind: "examples";
  /** Never "". */
  readonly signature: string;
  readonly input: ExamplesInput;
}

/** One version of a model that at least one endpoint serves. */
export interface Servable {
  readonly name: ModelName;
  readonly version: Version;
  /** Whose endpoints serve it; undefined: the local workers. */
  readonly pool?: string | undefined;
  readonly signatures: Signatures;
  /** `tensorflow.serving.SignatureDefMap`, as the model wrote it. */
  readonly signatureDefMap: Uint8Array;
  /** By signature, whether its rows may travel with others'; one that is missing has not been examined, which is a refusal. */
  readonly merging: ReadonlyMap<string, Merging>;
  /** The `batching_params.pbtxt` that came with it. */
  readonly batchingFile?: string;
}

/** What the workers that serve a version have found of one signature. */
export type Merging =
  /** Rows have answered alone as they have in company. */
  | { readonly is: "proven" }
  /** Nobody could try, for a reason: the first real rows are to be compared before any are merged. */
  | { readonly is: "unproven"; readonly reason: string }
  /** For a reason in words for a person. */
  | { readonly is: "refused"; readonly reason: string };

/** After routing: which version, and under which name its arm is counted ("" without a split). */
export interface RoutedCall {
  readonly call: InferenceCall;
  readonly target: Servable;
  readonly arm: string;
  /** What ties the call to its arm; undefined: nothing. */
  readonly key?: string | undefined;
  /** A copy, for which nobody waits: how it ends is held against nobody. */
  readonly isCopy?: boolean | undefined;
}

export interface Answer {
  /** Undefined where no version has answered, but the route itself. */
  readonly target: Servable | undefined;
  readonly arm: string;
  readonly content: AnswerContent;
}

/** What came back: as the worker wrote it, or taken apart on the way, so that each edge writes its own form but once. */
export type AnswerContent =
  | ReceivedMessage
  /** Of Predict. The tensors may be views of memory that other answers have too. */
  | { readonly is: "outputs"; readonly spec: AnswerSpec; readonly outputs: ReadonlyMap<string, Tensor> };

export interface ReceivedMessage {
  readonly is: "message";
  /** The serialized response message of the method. Memory that is all its own becomes the edge's, which may give it away. */
  readonly message: Uint8Array;
  /** The same in several pieces, for who only passes it on: where they are there, `message` is only joined when it is asked for. */
  readonly pieces?: readonly Uint8Array[];
  /** Somebody else looks at it too: nobody gives its memory away. */
  isShared?: boolean;
}
