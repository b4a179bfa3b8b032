import type { CallBody, Servable } from "../call.ts";
import type { Observation } from "./observation.ts";

/** The same body, which tells the observation of each version that it is made for. */
export function observedBody(body: CallBody, observation: Pick<Observation, "sentTo">): CallBody {
  return {
    messageFor(target: Servable) {
      observation.sentTo(target);
      return body.messageFor(target);
    },
    ...(body.prepare && {
      prepare(target, call) {
        observation.sentTo(target);
        return body.prepare?.(target, call);
      },
    }),
    ...(body.inputsFor && {
      inputsFor(target) {
        observation.sentTo(target);
        return body.inputsFor?.(target);
      },
    }),
  };
}
