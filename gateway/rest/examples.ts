import type { CompatibilityConfig } from "../../config/index.ts";
import { DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import {
  decodeClassificationResponse,
  decodeExamples,
  decodeRegressionResponse,
  encodeClassifications,
  encodeExamplesRequest,
  encodeRegressions,
  type RequestBody,
  type Signatures,
} from "../../tensor/index.ts";
import { messageOf } from "../answer-content.ts";
import { signaturesClause, withClause } from "../expected.ts";
import type { JsonCall } from "./json-call.ts";

/** How a worker says that it has no such signature. */
const NO_SIGNATURE = "No signature was found with the name";

/** Classify and regress. Examples carry their own types, so the whole body is decoded before a model is looked up. */
export function examplesCall(
  method: "Classify" | "Regress",
  json: RequestBody,
  { strictJson: strict, urlSafeBase64 }: CompatibilityConfig,
): JsonCall {
  const input = decodeExamples(json, { urlSafeBase64 });
  let signatures: Signatures | undefined;
  return {
    inputsFor: () => ({ kind: "examples", signature: json.signature || DEFAULT_SIGNATURE, input }),
    messageFor({ name, version, signatures: its }) {
      signatures = its;
      const spec = { name, choice: { by: "version", version }, signature: json.signature } as const;
      return encodeExamplesRequest({ spec, input });
    },
    answerOf(content) {
      const message = messageOf(content);
      return method === "Classify"
        ? encodeClassifications(decodeClassificationResponse(message).results, { strict })
        : encodeRegressions(decodeRegressionResponse(message).values, { strict });
    },
    explain(thrown) {
      const isUnknown = thrown instanceof InferenceError && thrown.message.startsWith(NO_SIGNATURE);
      return isUnknown && signatures !== undefined ? withClause(thrown, signaturesClause(signatures)) : thrown;
    },
  };
}
