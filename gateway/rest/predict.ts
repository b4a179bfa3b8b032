import { type Bytes, DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import {
  decodePredictInputs,
  encodePredictRequestPieces,
  type PredictFormat,
  predictFormat,
  type RequestBody,
  requestRows,
  type Signature,
} from "../../tensor/index.ts";
import type { AnswerContent, CallBody, CallLimits, PredictInputs, Servable } from "../call.ts";
import { inputsClause, signaturesClause, withClause } from "../expected.ts";
import { writeAnswer } from "./answer-writer.ts";
import type { JsonCall, JsonCallParts } from "./json-call.ts";

/** The JSON is typed by the signature, so it is decoded once a version has been chosen; the answer has the request's form. */
export function predictCall(json: RequestBody, parts: JsonCallParts): JsonCall {
  return new PredictCall(json, parts);
}

class PredictCall implements JsonCall {
  readonly readsAnswer = true;
  readonly #json: RequestBody;
  readonly #parts: JsonCallParts;
  /** Of what was read of it. */
  #format: PredictFormat | undefined;
  #signature: Signature | undefined;
  #target: Servable | undefined;
  #asked: string | undefined;
  #inputs: PredictInputs | undefined;

  constructor(json: RequestBody, parts: JsonCallParts) {
    this.#json = json;
    this.#parts = parts;
  }

  inputsFor(target: Servable, asked: string = this.#json.signature): PredictInputs {
    if (this.#inputs !== undefined && this.#target === target && this.#asked === asked) return this.#inputs;
    const signature = signatureOf(target, asked);
    this.#signature = signature;
    const { format, inputs, outputFilter } = decodePredictInputs(this.#json, signature, this.#parts.compatibility);
    this.#format = format;
    this.#target = target;
    this.#asked = asked;
    this.#inputs = { kind: "tensors", signature: signature.key, inputs, outputFilter };
    return this.#inputs;
  }

  messageFor(target: Servable, asked?: string): Bytes {
    const { signature, inputs, outputFilter } = this.inputsFor(target, asked);
    const spec = { name: target.name, choice: { by: "version", version: target.version }, signature } as const;
    return encodePredictRequestPieces({ spec, inputs, outputFilter });
  }

  inputBytes(): Uint8Array {
    return this.#json.bytes;
  }

  copy(): CallBody {
    return new PredictCall(this.#json, this.#parts);
  }

  rowCount(): number | undefined {
    return requestRows(this.#json);
  }

  answerOf(content: AnswerContent, limits: CallLimits): Uint8Array | Promise<Uint8Array> {
    return writeAnswer(
      this.#parts,
      { of: "Predict", format: this.#format ?? predictFormat(this.#json) },
      content,
      limits,
    );
  }

  explain(thrown: unknown): unknown {
    return explainedPredict(thrown, this.#signature);
  }
}

/** What a request of the wrong form ends with, be it here or in the graph. */
const REFUSALS: ReadonlySet<string> = new Set(["INVALID_ARGUMENT", "UNIMPLEMENTED"]);

export function explainedPredict(thrown: unknown, signature: Signature | undefined): unknown {
  const isRefusal = thrown instanceof InferenceError && REFUSALS.has(thrown.code);
  return isRefusal && signature !== undefined ? withClause(thrown, inputsClause(signature)) : thrown;
}

/** Throws INVALID_ARGUMENT, in TensorFlow Serving's words, when the version has no such signature. */
export function signatureOf(target: Servable, asked: string): Signature {
  const name = asked === "" ? DEFAULT_SIGNATURE : asked;
  const signature = target.signatures.get(name);
  if (signature !== undefined) return signature;
  const text = `Serving signature name: "${name}" not found in signature def`;
  throw new InferenceError("INVALID_ARGUMENT", `${text}; ${signaturesClause(target.signatures)}`);
}
