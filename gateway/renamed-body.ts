import type { Bytes } from "../core/index.ts";
import type { CallBody, CallInputs, CallLimits, Servable } from "./call.ts";

/** The same body, which asks for another signature. */
export function renamedBody(body: CallBody, signature: string): CallBody {
  return new RenamedBody(body, signature);
}

class RenamedBody implements CallBody {
  readonly #body: CallBody;
  readonly #signature: string;

  constructor(body: CallBody, signature: string) {
    this.#body = body;
    this.#signature = signature;
  }

  get readsAnswer(): boolean | undefined {
    return this.#body.readsAnswer;
  }

  prepare(target: Servable, limits: CallLimits): Promise<void> | undefined {
    return this.#body.prepare?.(target, limits, this.#signature);
  }

  messageFor(target: Servable): Bytes {
    return this.#body.messageFor(target, this.#signature);
  }

  inputsFor(target: Servable): CallInputs | undefined {
    return this.#body.inputsFor?.(target, this.#signature);
  }

  inputBytes(): Bytes | undefined {
    return this.#body.inputBytes?.();
  }

  rowCount(): number | undefined {
    return this.#body.rowCount?.();
  }
}
