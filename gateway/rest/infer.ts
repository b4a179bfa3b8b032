import type { IncomingMessage } from "node:http";
import type { CompatibilityConfig, RestConfig } from "../../config/index.ts";
import { type CallSignal, InferenceError, type Logger } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import { type Observation, observedBody } from "../observe/index.ts";
import { errorAnswer, jsonAnswer } from "./answer.ts";
import { type Body, readBody } from "./body.ts";
import { examplesCall } from "./examples.ts";
import { deadlineOf, headerOf, parseJsonRequest } from "./parse.ts";
import { predictCall } from "./predict.ts";
import { failure, type Reaction } from "./reaction.ts";
import { TOO_LARGE } from "./status.ts";
import type { InferRoute } from "./url.ts";

export interface InferParts {
  readonly config: RestConfig;
  readonly compatibility: () => CompatibilityConfig;
  readonly backend: Backend;
  readonly log: Logger;
}

/** Predict, classify and regress: reads the body, runs the call, writes the answer as JSON. Never throws. */
export async function infer(
  parts: InferParts,
  route: InferRoute,
  request: IncomingMessage,
  observation: Observation,
  signal: CallSignal,
): Promise<Reaction> {
  observation.asksFor({ ...route, signature: "" });
  let receivedBytes = 0;
  try {
    const body = await readBody(request, parts.config.maxBytes);
    receivedBytes = body.receivedBytes;
    if (body.is !== "read") return unreadable(body, parts.config.maxBytes, !request.complete);
    const json = await jsonOf(parts, route, body.bytes, request, observation, signal);
    return { answer: jsonAnswer(json), receivedBytes, unread: false };
  } catch (thrown) {
    return { ...failure(parts.log, thrown), receivedBytes, unread: false };
  }
}

async function jsonOf(
  { config, compatibility, backend }: InferParts,
  route: InferRoute,
  bytes: Uint8Array,
  request: IncomingMessage,
  observation: Observation,
  signal: CallSignal,
): Promise<Uint8Array> {
  const { method } = route;
  const { spec, json } = parseJsonRequest(route, bytes);
  observation.asksFor(spec);
  const choices = compatibility();
  const call = method === "Predict" ? predictCall(json, choices) : examplesCall(method, json, choices);
  const serve = backend.serve({
    method,
    spec,
    body: observedBody(call, observation),
    header: headerOf(request),
    deadline: deadlineOf(config.timeoutMs),
    signal,
  });
  const answer = await serve.catch((thrown: unknown) => {
    throw call.explain(thrown);
  });
  observation.sentTo(answer.target);
  return call.answerOf(answer.content);
}

function unreadable(body: Exclude<Body, { is: "read" }>, maxBytes: number, unread: boolean): Reaction {
  const { receivedBytes } = body;
  if (body.is === "cut off") {
    const error = new InferenceError("CANCELLED", "the client went away before its body had come");
    return { answer: errorAnswer(error), error, receivedBytes, unread: false };
  }
  const error = new InferenceError("RESOURCE_EXHAUSTED", `the body is longer than ${maxBytes} bytes`, {
    origin: "client",
  });
  return { answer: errorAnswer(error, TOO_LARGE), error, receivedBytes, unread };
}
