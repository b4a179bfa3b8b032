import { type Bytes, DEFAULT_SIGNATURE, InferenceError, type ModelSpec } from "../../core/index.ts";
import {
  predictFormat,
  type RequestBody,
  requestRows,
  rewriteRequestSpec,
  type Signature,
  type Signatures,
} from "../../tensor/index.ts";
import type { CallBody, CallLimits, Servable } from "../call.ts";
import { unlessEnded } from "../ended.ts";
import { inputsOf } from "../message-inputs.ts";
import { resultOf } from "../threads/index.ts";
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
  readonly asked: string;
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

function predictCall(json: RequestBody, parts: JsonCallParts & { readonly limits: CallLimits }): JsonCall {
  const { threads } = parts;
  const { urlSafeBase64 } = parts.compatibility;
  /** It is kept while the call is sent: a retry may meet a version whose inputs are of other types. Its memory is away while it is decoded. */
  let body: RequestBody | undefined = json;
  let decoding: Promise<void> = Promise.resolve();
  let format = predictFormat(json);
  let signature: Signature | undefined;
  let made: Made | undefined;
  /** What was made last, for copies: it stays when the answer is written. */
  let copied: { message: Uint8Array | undefined } | undefined;
  const isMadeFor = (target: Servable, asked: string): boolean => made?.target === target && made.asked === asked;
  const madeFor = (target: Servable, asked: string): Made => {
    if (made === undefined || !isMadeFor(target, asked)) throw unprepared();
    return made;
  };
  const decode = async (target: Servable, asked: string): Promise<void> => {
    if (body === undefined) throw unprepared();
    const its = signatureOf(target, asked);
    signature = its;
    const { name, version } = target;
    const spec = { name, choice: { by: "version", version }, signature: its.key } as const;
    // Until the whole call ends: who has less time than that does not wait for it, and the next one needs the body back.
    const decoded = await threads.predict(body, spec, its, { urlSafeBase64 }, parts.limits);
    body = decoded.body;
    if (decoded.is === "refused") return void resultOf(decoded.failure);
    format = decoded.format;
    made = { target, asked, message: decoded.message, joinable: decoded.strings <= MAX_JOINED_STRINGS };
    if (copied !== undefined) copied.message = decoded.message;
  };
  const prepare = async (target: Servable, asked: string, limits: CallLimits): Promise<void> => {
    await unlessEnded(decoding, limits);
    if (isMadeFor(target, asked)) return;
    const job = decoding.then(() => decode(target, asked));
    decoding = job.catch(() => {});
    await unlessEnded(job, limits);
  };
  return {
    readsAnswer: true,
    prepare: (target, limits, asked = json.signature) =>
      isMadeFor(target, asked) ? undefined : prepare(target, asked, limits),
    rowCount: () => requestRows(body === undefined ? json : { ...json, bytes: body.bytes }),
    messageFor: (target, asked = json.signature) => madeFor(target, asked).message,
    inputBytes: () => body?.bytes,
    inputsFor(target, asked = json.signature) {
      const { message, joinable } = madeFor(target, asked);
      return joinable && signature !== undefined ? inputsOf("Predict", message, signature.key) : undefined;
    },
    copy() {
      copied ??= { message: undefined };
      return messageCopy(copied, json.signature);
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
  const encoded = ({ name, version }: Servable, signature?: string): Bytes =>
    rewriteRequestSpec(method, message, { name, version, ...(signature === undefined ? {} : { signature }) });
  return {
    messageFor(target, signature) {
      signatures = target.signatures;
      return encoded(target, signature);
    },
    inputBytes: () => message,
    inputsFor: (_target, signature = spec.signature) =>
      strings <= MAX_JOINED_STRINGS ? inputsOf(method, message, signature) : undefined,
    copy: () => ({ messageFor: encoded, inputBytes: () => message }),
    answerOf: (content, limits) => writeAnswer(parts, { of: method }, content, limits),
    explain: (thrown) => explainedExamples(thrown, signatures),
  };
}

/** What was decoded for the call's own target, under another name: it is not decoded again, as its memory moves. */
function messageCopy(made: { readonly message: Uint8Array | undefined }, asked: string): CallBody {
  return {
    messageFor({ name, version }, signature = asked || DEFAULT_SIGNATURE) {
      if (made.message !== undefined) return rewriteRequestSpec("Predict", made.message, { name, version, signature });
      throw new InferenceError(
        "UNAVAILABLE",
        "a copy of a long body is sent as the call's own target takes it: it has none",
      );
    },
  };
}

function unprepared(): Error {
  return new TypeError("a long body is asked for before it was prepared");
}
