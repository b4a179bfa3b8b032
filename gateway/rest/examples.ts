import {
  decodeClassificationResponse,
  decodeExamples,
  decodeRegressionResponse,
  encodeClassifications,
  encodeExamplesRequest,
  encodeRegressions,
  type RequestBody,
} from "../../tensor/index.ts";
import type { JsonCall } from "./json-call.ts";

/** Classify and regress. Examples carry their own types, so the whole body is decoded before a model is looked up. */
export function examplesCall(method: "Classify" | "Regress", json: RequestBody): JsonCall {
  const input = decodeExamples(json);
  return {
    messageFor({ name, version }) {
      const spec = { name, choice: { by: "version", version }, signature: json.signature } as const;
      return encodeExamplesRequest({ spec, input });
    },
    answerOf: (message) =>
      method === "Classify"
        ? encodeClassifications(decodeClassificationResponse(message).results)
        : encodeRegressions(decodeRegressionResponse(message).values),
  };
}
