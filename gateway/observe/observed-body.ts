import type { CallBody, Servable } from "../call.ts";
import type { Observation } from "./observation.ts";

/** The same body, which tells the observation of each version that it is made for. */
export function observedBody(body: CallBody, observation: Pick<Observation, "sentTo">): CallBody {
  const { prepare, inputsFor } = body;
  return {
    messageFor(target: Servable) {
      observation.sentTo(target);
      return body.messageFor(target);
    },
    ...(prepare && {
      prepare(target, call) {
        observation.sentTo(target);
        return prepare.call(body, target, call);
      },
    }),
    ...(inputsFor && {
      inputsFor(target) {
        observation.sentTo(target);
        return inputsFor.call(body, target);
      },
    }),
  };
}
