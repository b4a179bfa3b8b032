import { InferenceError } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { Observation, Observer } from "../observe/index.ts";
import { emptyAnswer, jsonAnswer, type RestAnswer } from "./answer.ts";
import type { AddedHeaders, ApiRequest } from "./api-request.ts";
import { withCors } from "./cors.ts";
import { encoded } from "./encoding.ts";
import { clientNameOf } from "./identify.ts";
import { type InferParts, infer } from "./infer.ts";
import { metadataJson, modelsJson, statusJson } from "./model.ts";
import { failure, type Reaction } from "./reaction.ts";
import type { LookRoute } from "./url.ts";

export interface ApiParts extends InferParts {
  readonly observer: Observer;
  readonly draining: () => boolean;
}

/** Answers everything under `/v1/`. What it gives never rejects. */
export function createApi(parts: ApiParts): (request: ApiRequest) => Promise<void> {
  const { config, observer, log, draining } = parts;
  return async (request) => {
    const { header, gaveUp } = request;
    const { route, arrival } = request.asked;
    try {
      const observation = observer.start(arrival);
      const reaction =
        route.is === "infer"
          ? await infer(parts, route, request, observation)
          : look(parts, route, request, observation);
      const own = withAdded(request.added, reaction.answer);
      const coming = encoded(header("accept-encoding"), withCors(config.cors, header("origin"), own));
      const answer = coming instanceof Promise ? await coming : coming;
      end(observation, reaction, answer, gaveUp.aborted);
      if (gaveUp.aborted) return;
      if (reaction.unread) request.sendUnread(answer);
      else request.send(answer, draining());
    } catch (thrown) {
      request.send(failure(log, thrown).answer, draining());
    }
  };
}

/** What the edge says itself counts. */
function withAdded(added: AddedHeaders | undefined, answer: RestAnswer): RestAnswer {
  return added === undefined ? answer : { ...answer, headers: { ...added, ...answer.headers } };
}

/** Counted before the answer leaves: whoever has it finds it in the metrics. */
function end(observation: Observation, { receivedBytes, error }: Reaction, answer: RestAnswer, gone: boolean): void {
  observation.end({
    code: gone ? "CANCELLED" : (error?.code ?? "OK"),
    httpStatus: gone ? 499 : answer.status,
    bytesIn: receivedBytes,
    bytesOut: gone ? 0 : answer.body.length,
    ...(error === undefined ? {} : { error }),
  });
}

/** Everything that runs no graph. */
function look(parts: ApiParts, route: LookRoute, request: ApiRequest, observation: Observation): Reaction {
  const unread = request.hasBody;
  try {
    // Browsers ask first without saying who they are.
    if (route.is !== "preflight") clientNameOf(parts.backend, request, observation);
  } catch (thrown) {
    return { ...failure(parts.log, thrown), receivedBytes: 0, unread };
  }
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

function lookAnswer(backend: Backend, route: LookRoute, request: ApiRequest, observation: Observation): RestAnswer {
  switch (route.is) {
    case "models":
      return jsonAnswer(modelsJson(backend));
    case "status":
      observation.asksFor({ ...route, signature: "" });
      return jsonAnswer(statusJson(backend, route.name, route.choice));
    case "metadata": {
      const spec = { name: route.name, choice: route.choice, signature: "" };
      observation.asksFor(spec);
      const target = backend.resolve(spec, request.header);
      observation.sentTo(target);
      return jsonAnswer(metadataJson(route.name, target));
    }
    case "preflight":
      if (/https?:\/\//.test(request.header("origin") ?? "")) return emptyAnswer(200);
      throw new InferenceError("FAILED_PRECONDITION", "an Origin header with http:// or https:// is expected");
    case "refused":
    case "undecodable":
      throw new InferenceError("INVALID_ARGUMENT", route.message);
  }
}
