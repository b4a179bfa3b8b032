import type { ModelSpec } from "../../core/index.ts";
import {
  type PredictFormat,
  type RequestBody,
  rewriteRequestSpec,
  type Signature,
  type Signatures,
} from "../../tensor/index.ts";
import type { CallLimits, Servable } from "../call.ts";
import { inputsOf } from "../message-inputs.ts";
import { writeAnswer } from "./answer-writer.ts";
import { explainedExamples } from "./examples.ts";
import type { JsonCall, JsonCallParts } from "./json-call.ts";
import { explainedPredict, signatureOf } from "./predict.ts";
import type { RestMethod } from "./url.ts";

/*
 * The calls of long bodies, which are decoded in a thread: as predictCall and examplesCall, but that what comes back is the
 * serialized request. It is one piece of memory that moves from there to here, and the way on is that of a gRPC message.
 */

/** More strings than this, an object each, are not taken out of their message again to be joined with others. */
const MAX_JOINED_STRINGS = 4096;

interface Made {
  readonly target: Servable;
  readonly message: Uint8Array;
  readonly joinable: boolean;
}

/** Classify and regress are decoded at once, predict once a version has been chosen. `spec` is what the request asks for. */
export async function bigCall(
  method: RestMethod,
  json: RequestBody,
  spec: ModelSpec,
  parts: JsonCallParts & { readonly limits: CallLimits },
): Promise<JsonCall> {
  return method === "Predict" ? predictCall(json, parts) : await examplesCall(method, json, spec, parts);
}

function predictCall(json: RequestBody, parts: JsonCallParts): JsonCall {
  const { threads } = parts;
  const { urlSafeBase64 } = parts.compatibility;
  /** It is kept while the call is sent: a retry may meet a version whose inputs are of other types. */
  let body: RequestBody | undefined = json;
  let format: PredictFormat = "row";
  let signature: Signature | undefined;
  let made: Made | undefined;
  const madeFor = (target: Servable): Made => {
    if (made?.target !== target) throw unprepared();
    return made;
  };
  const decode = async (target: Servable, limits: CallLimits): Promise<void> => {
    if (body === undefined) throw unprepared();
    signature = signatureOf(target, json.signature);
    const { name, version } = target;
    const spec = { name, choice: { by: "version", version }, signature: signature.key } as const;
    const decoded = await threads.predict(body, spec, signature, { urlSafeBase64 }, limits);
    ({ body, format } = decoded);
    made = { target, message: decoded.message, joinable: decoded.strings <= MAX_JOINED_STRINGS };
  };
  return {
    readsAnswer: true,
    prepare: (target, limits) => (made?.target === target ? undefined : decode(target, limits)),
    messageFor: (target) => madeFor(target).message,
    inputsFor(target) {
      const { message, joinable } = madeFor(target);
      return joinable && signature !== undefined ? inputsOf("Predict", message, signature.key) : undefined;
    },
    answerOf(content, limits) {
      // Its memory may go while the answer takes some.
      made = undefined;
      body = undefined;
      return writeAnswer(parts, { of: "Predict", format }, content, limits);
    },
    explain: (thrown) => explainedPredict(thrown, signature),
  };
}

async function examplesCall(
  method: "Classify" | "Regress",
  json: RequestBody,
  spec: ModelSpec,
  parts: JsonCallParts & { readonly limits: CallLimits },
): Promise<JsonCall> {
  const { urlSafeBase64 } = parts.compatibility;
  const { message, strings } = await parts.threads.examples(json, spec, { urlSafeBase64 }, parts.limits);
  let signatures: Signatures | undefined;
  return {
    messageFor({ name, version, signatures: its }) {
      signatures = its;
      return rewriteRequestSpec(method, message, { name, version });
    },
    inputsFor: () => (strings <= MAX_JOINED_STRINGS ? inputsOf(method, message, spec.signature) : undefined),
    answerOf: (content, limits) => writeAnswer(parts, { of: method }, content, limits),
    explain: (thrown) => explainedExamples(thrown, signatures),
  };
}

function unprepared(): Error {
  return new TypeError("a long body is asked for before it was prepared");
}
