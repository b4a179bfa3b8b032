import type { IncomingMessage } from "node:http";
import { InferenceError } from "../../core/index.ts";
import { isSick, SickAnswer } from "./answer-status.ts";
import { ask } from "./ask.ts";
import type { Exchange } from "./exchange.ts";
import { failureKind, passError } from "./failure.ts";
import type { UpstreamEndpoint, UpstreamHead } from "./upstream-endpoint.ts";

/**
 * Sends a request to the exchange's endpoint, and to others of its arm while one can't be reached, as often as its entry
 * says. A kept connection that the upstream ends at the same moment is no failure of the upstream: what may be sent twice is
 * sent again there.
 */
export async function send(exchange: Exchange, head: UpstreamHead): Promise<IncomingMessage> {
  const tried = new Set<UpstreamEndpoint>();
  for (let retriesLeft = exchange.route.config.retries; ; retriesLeft--) {
    const { endpoint } = exchange;
    if (endpoint === undefined) throw heldBack(exchange);
    try {
      return await tryAt(endpoint, exchange, head);
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      if (!error.retryable || retriesLeft === 0 || exchange.gaveUp.aborted) throw error;
      if (failureKind(error) !== "dropped") tried.add(endpoint);
      const next = exchange.arm?.pick(tried, undefined);
      if (next === undefined) throw error;
      exchange.endpoint = next;
    }
  }
}

async function tryAt(endpoint: UpstreamEndpoint, exchange: Exchange, head: UpstreamHead): Promise<IncomingMessage> {
  try {
    return await endpoint.run(async () => {
      const answer = await ask(endpoint, head, exchange);
      if (isSick(answer)) throw new SickAnswer(answer);
      return answer;
    });
  } catch (thrown) {
    if (thrown instanceof SickAnswer) return thrown.answer;
    // The breaker has opened since the endpoint was chosen.
    if (thrown instanceof InferenceError && failureKind(thrown) === undefined) throw heldBack(exchange);
    throw thrown;
  }
}

function heldBack({ route }: Exchange): InferenceError {
  return passError("held back", `${route.config.name}: every upstream is held back after too many failures`);
}
