import type { ServerUnaryCall } from "@grpc/grpc-js";
import {
  type Bytes,
  type Deadline,
  deadlineIn,
  InferenceError,
  LATEST,
  type ModelSpec,
  modelName,
  NO_DEADLINE,
  version,
} from "../../core/index.ts";
import { type Fields, joinedFieldOf } from "../../http2/index.ts";
import type { ModelSpec as SpecMessage } from "../../protos/index.ts";
import { requestSpec, requestWithoutSpec, rewriteRequestSpec } from "../../tensor/index.ts";
import type { CallBody, CallInputs, InferenceMethod, Servable } from "../call.ts";
import { inputsOf } from "../message-inputs.ts";

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, "metadata" | "getDeadline">;

/** The model that a serialized request names. Throws INVALID_ARGUMENT, in TensorFlow Serving's words where it names none. */
export function parseSpec(method: InferenceMethod, message: Bytes): ModelSpec {
  const spec = requestSpec(method, message);
  // A task without a spec counts as one with an empty spec (servables/tensorflow/multi_inference_helper.cc).
  if (spec === undefined && method !== "MultiInference") throw noSpec();
  if (spec === undefined || spec.name === "") throw unnamed();
  return spec;
}

/** Of a request that is read as an object; the name may be empty. */
export function specOf(message: SpecMessage): ModelSpec {
  return { name: modelName(message.name), choice: choiceOf(message), signature: message.signature_name };
}

function choiceOf(message: SpecMessage): ModelSpec["choice"] {
  switch (message.version_choice) {
    case "version":
      return { by: "version", version: version(message.version.value) };
    case "version_label":
      return { by: "label", label: message.version_label };
    case undefined:
      return LATEST;
  }
}

export function noSpec(): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", "Missing ModelSpec");
}

export function unnamed(): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", "ModelSpec has no name specified.");
}

/** The message as it came, but for its ModelSpec when that does not name the target already; its parts when asked for. */
export class MessageBody implements CallBody {
  readonly inputsFor?: (target: Servable, signature?: string) => CallInputs | undefined;
  /** How often it was asked for, to be sent. */
  sendings = 0;
  /** Whether somebody has views of it. */
  isShared = false;
  readonly #method: InferenceMethod;
  readonly #message: Bytes;
  readonly #spec: ModelSpec;

  constructor(method: InferenceMethod, message: Bytes, spec: ModelSpec) {
    this.#method = method;
    this.#message = message;
    this.#spec = spec;
    if (method === "MultiInference") return;
    this.inputsFor = (_target, signature = spec.signature) => {
      this.isShared = true;
      return inputsOf(method, message, signature);
    };
  }

  messageFor(target: Servable, signature?: string): Bytes {
    this.sendings++;
    const { choice, name } = this.#spec;
    const named = choice.by === "version" && choice.version === target.version;
    const renamed = name !== target.name;
    if (named && !renamed && signature === undefined && this.#method !== "MultiInference") return this.#message;
    return rewriteRequestSpec(this.#method, this.#message, {
      version: target.version,
      ...(renamed ? { name: target.name } : {}),
      ...(signature === undefined ? {} : { signature }),
    });
  }

  inputBytes(): Bytes {
    return requestWithoutSpec(this.#message);
  }

  rowCount(): number | undefined {
    if (this.#method === "MultiInference") return undefined;
    this.isShared = true;
    const inputs = inputsOf(this.#method, this.#message, this.#spec.signature);
    if (inputs?.kind === "examples") return inputs.input.examples.length;
    const [first] = inputs?.inputs.values() ?? [];
    return first?.shape[0];
  }

  copy(): CallBody {
    this.isShared = true;
    return new MessageBody(this.#method, this.#message, this.#spec);
  }
}

/** Fields that are of the protocol and not of the caller. */
const NOT_METADATA: ReadonlySet<string> = new Set(
  "grpc-timeout grpc-encoding grpc-accept-encoding accept-encoding te content-type".split(" "),
);

/** Metadata by lower-case name; several values are joined as HTTP joins them, binary ones are left out. */
export function headerIn(fields: Fields, name: string): string | undefined {
  const is = !name.startsWith(":") && !name.endsWith("-bin") && !NOT_METADATA.has(name);
  return is ? joinedFieldOf(fields, name) : undefined;
}

/** The same of a call that grpc-js has read. */
export function headerOf({ metadata }: AnyCall): (name: string) => string | undefined {
  return (name) => {
    const values = metadata.get(name).filter((value) => typeof value === "string");
    return values.length === 0 ? undefined : values.join(", ");
  };
}

/** grpc-js tells a deadline by the wall clock. */
export function deadlineOf(call: AnyCall): Deadline {
  const epochMs = Number(call.getDeadline());
  return epochMs === Number.POSITIVE_INFINITY ? NO_DEADLINE : deadlineIn(epochMs - Date.now());
}
