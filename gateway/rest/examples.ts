import { DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import { decodeExamples, encodeExamplesRequest, type RequestBody, type Signatures } from "../../tensor/index.ts";
import type { CallInputs, Servable } from "../call.ts";
import { signaturesClause, withClause } from "../expected.ts";
import { writeAnswer } from "./answer-writer.ts";
import type { JsonCall, JsonCallParts } from "./json-call.ts";

/** How a worker says that it has no such signature. */
const NO_SIGNATURE = "No signature was found with the name";

/** Classify and regress. Examples carry their own types, so the whole body is decoded before a model is looked up. */
export function examplesCall(method: "Classify" | "Regress", json: RequestBody, parts: JsonCallParts): JsonCall {
  const { urlSafeBase64 } = parts.compatibility;
  const input = decodeExamples(json, { urlSafeBase64 });
  let signatures: Signatures | undefined;
  const inputsFor = (_target: Servable, signature: string = json.signature): CallInputs => ({
    kind: "examples",
    signature: signature || DEFAULT_SIGNATURE,
    input,
  });
  const encoded = ({ name, version }: Servable, signature: string = json.signature): Uint8Array => {
    const spec = { name, choice: { by: "version", version }, signature } as const;
    return encodeExamplesRequest({ spec, input });
  };
  return {
    inputsFor,
    inputBytes: () => json.bytes,
    rowCount: () => input.examples.length,
    messageFor(target, signature) {
      signatures = target.signatures;
      return encoded(target, signature);
    },
    copy: () => ({ inputsFor, inputBytes: () => json.bytes, messageFor: encoded }),
    answerOf: (content, limits) => writeAnswer(parts, { of: method }, content, limits),
    explain: (thrown) => explainedExamples(thrown, signatures),
  };
}

export function explainedExamples(thrown: unknown, signatures: Signatures | undefined): unknown {
  const isUnknown = thrown instanceof InferenceError && thrown.message.startsWith(NO_SIGNATURE);
  return isUnknown && signatures !== undefined ? withClause(thrown, signaturesClause(signatures)) : thrown;
}
