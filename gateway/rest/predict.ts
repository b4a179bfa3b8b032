import { DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import {
  decodePredictInputs,
  encodePredictRequest,
  type PredictFormat,
  type RequestBody,
  type Signature,
} from "../../tensor/index.ts";
import type { PredictInputs, Servable } from "../call.ts";
import { inputsClause, signaturesClause, withClause } from "../expected.ts";
import { answerWriter } from "./answer-writer.ts";
import type { JsonCall, JsonCallParts } from "./json-call.ts";

/** The JSON is typed by the signature, so it is decoded once a version has been chosen; the answer has the request's form. */
export function predictCall(json: RequestBody, parts: JsonCallParts): JsonCall {
  const { urlSafeBase64 } = parts.compatibility;
  const write = answerWriter(parts);
  let format: PredictFormat = "row";
  let signature: Signature | undefined;
  let made: { readonly target: Servable; readonly request: PredictInputs } | undefined;
  const inputsFor = (target: Servable): PredictInputs => {
    if (made?.target === target) return made.request;
    signature = signatureOf(target, json.signature);
    const decoded = decodePredictInputs(json, signature, { urlSafeBase64 });
    format = decoded.format;
    const { inputs, outputFilter } = decoded;
    const request = { kind: "tensors", signature: signature.key, inputs, outputFilter } as const;
    made = { target, request };
    return request;
  };
  return {
    readsAnswer: true,
    inputsFor,
    messageFor(target) {
      const { signature: key, inputs, outputFilter } = inputsFor(target);
      const spec = { name: target.name, choice: { by: "version", version: target.version }, signature: key } as const;
      return encodePredictRequest({ spec, inputs, outputFilter }, "content");
    },
    answerOf: (content, limits) => write({ of: "Predict", format }, content, limits),
    explain: (thrown) => explainedPredict(thrown, signature),
  };
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
