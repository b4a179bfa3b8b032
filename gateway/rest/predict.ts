import { DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import {
  decodePredictInputs,
  decodePredictResponse,
  encodePredictOutputs,
  encodePredictRequest,
  type PredictFormat,
  type RequestBody,
  type Signature,
} from "../../tensor/index.ts";
import type { PredictInputs, Servable } from "../call.ts";
import type { JsonCall } from "./json-call.ts";

/** The JSON is typed by the signature, so it is decoded once a version has been chosen; the answer has the request's form. */
export function predictCall(json: RequestBody): JsonCall {
  let format: PredictFormat = "row";
  let made: { readonly target: Servable; readonly request: PredictInputs } | undefined;
  const inputsFor = (target: Servable): PredictInputs => {
    if (made?.target === target) return made.request;
    const signature = signatureOf(target, json.signature);
    const decoded = decodePredictInputs(json, signature);
    format = decoded.format;
    const request = { signature: signature.key, inputs: decoded.inputs, outputFilter: [] };
    made = { target, request };
    return request;
  };
  return {
    inputsFor,
    messageFor(target) {
      const { signature, ...request } = inputsFor(target);
      const spec = { name: target.name, choice: { by: "version", version: target.version }, signature } as const;
      return encodePredictRequest({ spec, ...request }, "content");
    },
    answerOf: (message) => encodePredictOutputs(format, decodePredictResponse(message).outputs),
  };
}

function signatureOf(target: Servable, asked: string): Signature {
  const name = asked === "" ? DEFAULT_SIGNATURE : asked;
  const signature = target.signatures.get(name);
  if (signature !== undefined) return signature;
  throw new InferenceError("INVALID_ARGUMENT", `Serving signature name: "${name}" not found in signature def`);
}
