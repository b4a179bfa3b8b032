import type { Bytes } from "../../core/index.ts";
import type { CallBody, CallInputs, CallLimits, Servable } from "../call.ts";
import type { Observation } from "./observation.ts";

/** The same body, which tells the observation of each version that it is made for. */
export function observedBody(body: CallBody, observation: Pick<Observation, "sentTo">): CallBody {
  return new ObservedBody(body, observation);
}

class ObservedBody implements CallBody {
  readonly #body: CallBody;
  readonly #observation: Pick<Observation, "sentTo">;

  constructor(body: CallBody, observation: Pick<Observation, "sentTo">) {
    this.#body = body;
    this.#observation = observation;
  }

  get readsAnswer(): boolean | undefined {
    return this.#body.readsAnswer;
  }

  prepare(target: Servable, limits: CallLimits, signature?: string): Promise<void> | undefined {
    this.#observation.sentTo(target);
    return this.#body.prepare?.(target, limits, signature);
  }

  messageFor(target: Servable, signature?: string): Bytes {
    this.#observation.sentTo(target);
    return this.#body.messageFor(target, signature);
  }

  inputsFor(target: Servable, signature?: string): CallInputs | undefined {
    this.#observation.sentTo(target);
    return this.#body.inputsFor?.(target, signature);
  }

  inputBytes(): Bytes | undefined {
    return this.#body.inputBytes?.();
  }

  rowCount(): number | undefined {
    return this.#body.rowCount?.();
  }

  /** Nobody observes it. */
  copy(): CallBody | undefined {
    return this.#body.copy?.();
  }
}
