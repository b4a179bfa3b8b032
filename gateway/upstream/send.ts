import { InferenceError } from "../../core/index.ts";
import { receivedMessage } from "../answer-content.ts";
import type { Answer, InferenceCall, RoutedCall } from "../call.ts";
import { failureOf } from "./call-failure.ts";
import type { Endpoint } from "./endpoint.ts";
import { leastLoaded } from "./picker.ts";
import type { Registry } from "./registry.ts";

/**
 * The step that gives a routed call to one endpoint which has the version. UNAVAILABLE when there is none: to be tried
 * again when they are all away, not when they are held back by their breakers.
 */
export function createSend(
  registry: Registry<Endpoint>,
  random?: () => number,
): (routed: RoutedCall) => Promise<Answer> {
  /** Where a call has failed already; only failures make an entry. */
  const tried = new WeakMap<InferenceCall, Set<Endpoint>>();

  return async function send({ call, target, arm }) {
    const message = call.body.messageFor(target);
    const endpoints = registry.endpointsOf(target.name, target.version);
    const endpoint = leastLoaded(endpoints, tried.get(call), random);
    if (endpoint === undefined) throw noneLeft(endpoints, target.name);
    try {
      const answer = await endpoint.call(call.method, message, call, call.body.readsAnswer);
      return { target, arm, content: receivedMessage(answer) };
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      if (error.retryable) remember(tried, call, endpoint);
      if (failureOf(error)?.kind === "unloaded") registry.unloaded(endpoint, target.name, target.version);
      throw error;
    }
  };
}

function remember(tried: WeakMap<InferenceCall, Set<Endpoint>>, call: InferenceCall, endpoint: Endpoint): void {
  const endpoints = tried.get(call);
  if (endpoints === undefined) tried.set(call, new Set([endpoint]));
  else endpoints.add(endpoint);
}

function noneLeft(endpoints: readonly Endpoint[], name: string): InferenceError {
  const heldBack = endpoints.some(({ ready }) => ready);
  const sentence = heldBack
    ? `all workers that serve model ${name} are held back after too many failures`
    : `no worker that serves model ${name} is ready`;
  return new InferenceError("UNAVAILABLE", sentence, { retryable: !heldBack, retryAfterMs: 1000 });
}
