import type { IncomingMessage, ServerResponse } from "node:http";
import { CallController, type CallSignal, InferenceError } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { Observation, ObservedMethod, Observer } from "../observe/index.ts";
import { emptyAnswer, jsonAnswer, type RestAnswer, send, sendUnread } from "./answer.ts";
import { hasBody } from "./body.ts";
import { withCors } from "./cors.ts";
import { encoded } from "./encoding.ts";
import { type InferParts, infer } from "./infer.ts";
import { metadataJson, modelsJson, statusJson } from "./model.ts";
import { clientOf, headerOf } from "./parse.ts";
import { failure, type Reaction } from "./reaction.ts";
import { type ApiRoute, apiRoute, type LookRoute, pathOf } from "./url.ts";

export interface ApiParts extends InferParts {
  readonly observer: Observer;
  readonly draining: () => boolean;
}

/** Answers everything under `/v1/`. */
export function createApi(parts: ApiParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { config, observer, draining } = parts;
  return async (request, response) => {
    const { method = "", url = "" } = request;
    const path = pathOf(url);
    const route = apiRoute(method, url);
    const observation = observer.start({
      protocol: "rest",
      method: observedMethod(route),
      request: `${method} ${path}`,
      client: clientOf(request),
    });
    const gaveUp = whenClientLeaves(response);
    const reaction =
      route.is === "infer"
        ? await infer(parts, route, request, observation, gaveUp)
        : look(parts, route, request, observation);
    const { origin, "accept-encoding": accept } = request.headers;
    const answer = await encoded(accept, withCors(config.cors, origin, reaction.answer));
    end(observation, { ...reaction, answer }, gaveUp.aborted);
    if (gaveUp.aborted) return;
    if (reaction.unread) sendUnread(response, answer);
    else send(response, answer, draining());
  };
}

/** Counted before the answer leaves: whoever has it finds it in the metrics. */
function end(observation: Observation, { answer, receivedBytes, error }: Reaction, gone: boolean): void {
  observation.end({
    code: gone ? "CANCELLED" : (error?.code ?? "OK"),
    httpStatus: gone ? 499 : answer.status,
    bytesIn: receivedBytes,
    bytesOut: gone ? 0 : answer.body.length,
    ...(error === undefined ? {} : { error }),
  });
}

/** Everything that runs no graph. */
function look(parts: ApiParts, route: LookRoute, request: IncomingMessage, observation: Observation): Reaction {
  const unread = hasBody(request);
  try {
    return { answer: lookAnswer(parts.backend, route, request, observation), receivedBytes: 0, unread };
  } catch (thrown) {
    const failed = failure(parts.log, thrown);
    // Here TensorFlow Serving answers nothing but the status.
    const mute = route.is === "undecodable" || route.is === "preflight";
    const answer = mute ? emptyAnswer(failed.answer.status) : failed.answer;
    return { ...failed, answer, receivedBytes: 0, unread };
  }
}

function lookAnswer(
  backend: Backend,
  route: LookRoute,
  request: IncomingMessage,
  observation: Observation,
): RestAnswer {
  switch (route.is) {
    case "models":
      return jsonAnswer(modelsJson(backend));
    case "status":
      observation.asksFor({ ...route, signature: "" });
      return jsonAnswer(statusJson(backend, route.name, route.choice));
    case "metadata": {
      const spec = { name: route.name, choice: route.choice, signature: "" };
      observation.asksFor(spec);
      const target = backend.resolve(spec, headerOf(request));
      observation.sentTo(target);
      return jsonAnswer(metadataJson(route.name, target));
    }
    case "preflight":
      if (/https?:\/\//.test(request.headers.origin ?? "")) return emptyAnswer(200);
      throw new InferenceError("FAILED_PRECONDITION", "an Origin header with http:// or https:// is expected");
    case "refused":
    case "undecodable":
      throw new InferenceError("INVALID_ARGUMENT", route.message);
  }
}

/** Aborted when the connection ends before the answer has been sent. */
function whenClientLeaves(response: ServerResponse): CallSignal {
  const gaveUp = new CallController();
  response.on("close", () => {
    if (!response.writableFinished) gaveUp.abort();
  });
  return gaveUp.signal;
}

function observedMethod(route: ApiRoute): ObservedMethod {
  switch (route.is) {
    case "infer":
      return route.method;
    case "status":
      return "GetModelStatus";
    case "metadata":
      return "GetModelMetadata";
    case "models":
      return "ListModels";
    case "preflight":
      return "Preflight";
    case "refused":
    case "undecodable":
      return "Unknown";
  }
}
