import { InferenceError } from "../../core/index.ts";
import { receivedMessage } from "../answer-content.ts";
import type { Answer, InferenceCall, RoutedCall } from "../call.ts";
import { failureOf } from "./call-failure.ts";
import { isCrowded } from "./crowded.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Registry } from "./registry.ts";

export interface SendOptions {
  /** One of the endpoints that have the version; of those that were tried for this call only when nothing else is left. */
  readonly pick: (
    endpoints: readonly Endpoint[],
    tried: ReadonlySet<Endpoint> | undefined,
    routed: RoutedCall,
  ) => Endpoint | undefined;
  /** Told when a call finds every endpoint at its limit. */
  readonly onOverflow?: () => void;
}

/**
 * The step that gives a routed call to one endpoint which has the version. UNAVAILABLE when there is none: to be tried
 * again when they are all away, not when they are held back by their breakers or limits.
 */
export function createSend(
  registry: Registry<Endpoint>,
  { pick, onOverflow = () => {} }: SendOptions,
): (routed: RoutedCall) => Promise<Answer> {
  /** Where a call has failed already; only failures make an entry. */
  const tried = new WeakMap<InferenceCall, Set<Endpoint>>();

  return async function send(routed) {
    const { call, target, arm } = routed;
    const message = call.body.messageFor(target);
    const endpoints = registry.endpointsOf(target.name, target.version);
    const endpoint = pick(endpoints, tried.get(call), routed);
    if (endpoint === undefined || isCrowded(routed, endpoint.inFlight, endpoint.maxInFlight)) {
      const areFull = endpoint !== undefined || endpoints.some(({ full }) => full);
      if (areFull) onOverflow();
      throw noneLeft(endpoints, target.name, areFull);
    }
    try {
      const form = { inAnyForm: call.body.readsAnswer, isCopy: routed.isCopy };
      const answer = await endpoint.call(call.method, message, call, form);
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

function noneLeft(endpoints: readonly Endpoint[], name: string, areFull: boolean): InferenceError {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const sentence =
    ready.length === 0
      ? `no worker that serves model ${name} is ready`
      : areFull
        ? `all workers that serve model ${name} have as many calls as their pool's limits allow`
        : `all workers that serve model ${name} are held back after too many failures`;
  return new InferenceError("UNAVAILABLE", sentence, { retryable: ready.length === 0, retryAfterMs: 1000 });
}
