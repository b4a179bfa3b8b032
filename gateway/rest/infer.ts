import type { CompatibilityConfig, RestConfig } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import { parseRequestBody, type RequestBody } from "../../tensor/index.ts";
import type { Backend } from "../backend.ts";
import type { Answer } from "../call.ts";
import { type Observation, observedBody } from "../observe/index.ts";
import { IN_THREAD_BYTES, type JsonThreads } from "../threads/index.ts";
import { jsonAnswer } from "./answer.ts";
import type { ApiRequest } from "./api-request.ts";
import { bigCall } from "./big-call.ts";
import { type Body, whole } from "./body.ts";
import { BodyRefused } from "./body-refused.ts";
import type { BodyRoom } from "./body-room.ts";
import { examplesCall } from "./examples.ts";
import { clientNameOf } from "./identify.ts";
import type { JsonCall, JsonCallParts } from "./json-call.ts";
import { deadlineOf } from "./parse.ts";
import { predictCall } from "./predict.ts";
import { failure, type Reaction } from "./reaction.ts";
import type { InferRoute, RestMethod } from "./url.ts";

export interface InferParts {
  readonly config: RestConfig;
  readonly compatibility: () => CompatibilityConfig;
  readonly backend: Backend;
  readonly room: BodyRoom;
  readonly threads: JsonThreads;
  readonly log: Logger;
}

/** Predict, classify and regress: reads the body, runs the call, writes the answer as JSON. Never throws. */
export async function infer(
  parts: InferParts,
  route: InferRoute,
  request: ApiRequest,
  observation: Observation,
): Promise<Reaction> {
  const { name, choice } = route;
  observation.asksFor({ name, choice, signature: "" });
  let client: string | undefined;
  try {
    client = clientNameOf(parts.backend, request, observation);
  } catch (thrown) {
    return { ...failure(parts.log, thrown), receivedBytes: 0, unread: request.hasBody };
  }
  const { maxBytes } = parts.config;
  const room = parts.room.enter();
  let receivedBytes = 0;
  let unread = false;
  try {
    const coming = request.readBody({ maxBytes, room });
    const body = coming instanceof Promise ? await coming : coming;
    receivedBytes = body.receivedBytes;
    if (body.is !== "read") {
      unread = body.unread;
      throw new BodyRefused(body, maxBytes);
    }
    const json = await jsonOf(parts, route, body, request, client, observation);
    return { answer: jsonAnswer(json), receivedBytes, unread: false };
  } catch (thrown) {
    return { ...failure(parts.log, thrown), receivedBytes, unread };
  } finally {
    room[Symbol.dispose]();
  }
}

async function jsonOf(
  parts: InferParts,
  route: InferRoute,
  body: Extract<Body, { is: "read" }>,
  request: ApiRequest,
  client: string | undefined,
  observation: Observation,
): Promise<Uint8Array> {
  const { backend, config, threads } = parts;
  const { method, name, choice } = route;
  const compatibility = parts.compatibility();
  const { header, gaveUp: signal } = request;
  const limits = { deadline: deadlineOf(config.timeoutMs), signal };
  const isBig = body.length >= IN_THREAD_BYTES;
  const json = isBig ? await threads.parse(body.parts, limits) : parseRequestBody(whole(body));
  const spec = { name, choice, signature: json.signature };
  observation.asksFor(spec);
  const call = isBig
    ? await bigCall(method, json, spec, { compatibility, threads, limits })
    : smallCall(method, json, { compatibility, threads });
  const { deadline } = limits;
  let answer: Answer;
  try {
    const body = observedBody(call, observation);
    answer = await backend.serve({ method, spec, body, header, client, deadline, signal, reply: request });
  } catch (thrown) {
    throw call.explain(thrown);
  }
  if (answer.target !== undefined) observation.sentTo(answer.target);
  return await call.answerOf(answer.content, limits);
}

function smallCall(method: RestMethod, json: RequestBody, parts: JsonCallParts): JsonCall {
  return method === "Predict" ? predictCall(json, parts) : examplesCall(method, json, parts);
}
