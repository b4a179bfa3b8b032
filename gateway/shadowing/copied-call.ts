import type { Target } from "../../config/index.ts";
import type { Bytes, CallSignal, Deadline } from "../../core/index.ts";
import type { CallBody, CallInputs, CallLimits, InferenceCall, RoutedCall, Servable } from "../call.ts";

/** What is kept of a call for its copies. */
export interface CopiedCall extends Pick<InferenceCall, "method" | "spec" | "header" | "client"> {
  readonly body: CallBody;
  /** What ties the call to its arm; a pool may keep its endpoint by it. */
  readonly key: string | undefined;
  /** What its request takes. */
  readonly bytes: number;
}

/** The copy as its target gets it: by its own limits, whatever became of the caller. */
export function copyFor(
  { method, spec, header, client, body, key }: CopiedCall,
  { signature }: Pick<Target, "signature">,
  target: Servable,
  limits: { readonly deadline: Deadline; readonly signal: CallSignal },
): RoutedCall {
  const call: InferenceCall = {
    ...limits,
    method,
    spec: { ...spec, name: target.name, signature: signature ?? spec.signature },
    body: new CopyBody(body, signature),
    header,
    client,
  };
  return { call, target, arm: "", key, isCopy: true };
}

class CopyBody implements CallBody {
  readonly readsAnswer = true;
  readonly inputsFor?: (target: Servable) => CallInputs | undefined;
  readonly #body: CallBody;
  readonly #signature: string | undefined;

  constructor(body: CallBody, signature: string | undefined) {
    this.#body = body;
    this.#signature = signature;
    if (body.inputsFor !== undefined) this.inputsFor = (target) => body.inputsFor?.(target, signature);
  }

  prepare(target: Servable, limits: CallLimits): Promise<void> | undefined {
    return this.#body.prepare?.(target, limits, this.#signature);
  }

  messageFor(target: Servable): Bytes {
    return this.#body.messageFor(target, this.#signature);
  }

  inputBytes(): Bytes | undefined {
    return this.#body.inputBytes?.();
  }
}
