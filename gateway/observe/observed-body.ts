import type { CallBody, Servable } from "../call.ts";
import type { Observation } from "./observation.ts";

/** The same body, which tells the observation of each version that it is made for. */
export function observedBody(body: CallBody, observation: Pick<Observation, "sentTo">): CallBody {
  const messageFor = (target: Servable): Uint8Array => {
    observation.sentTo(target);
    return body.messageFor(target);
  };
  if (body.inputsFor === undefined) return { messageFor };
  return {
    messageFor,
    inputsFor(target) {
      observation.sentTo(target);
      return body.inputsFor?.(target);
    },
  };
}
