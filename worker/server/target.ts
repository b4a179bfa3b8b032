import { DEFAULT_SIGNATURE, InferenceError, type ModelSpec } from "../../core/index.ts";
import type { AnswerSpec } from "../../tensor/index.ts";
import type { Handle, Manager } from "../lifecycle/index.ts";

/** What a request's ModelSpec must say before anything is looked up. Throws INVALID_ARGUMENT. */
export function checkedSpec(spec: ModelSpec | undefined): ModelSpec {
  if (spec === undefined) throw new InferenceError("INVALID_ARGUMENT", "Missing ModelSpec");
  if (spec.name === "") throw new InferenceError("INVALID_ARGUMENT", "ModelSpec has no name specified.");
  return spec;
}

/** A handle on what a request asks for; the caller disposes it. */
export function acquireFor(manager: Manager, spec: ModelSpec): Handle {
  return manager.acquire(spec.name, spec.choice);
}

export function signatureKey(spec: ModelSpec | undefined): string {
  return spec === undefined || spec.signature === "" ? DEFAULT_SIGNATURE : spec.signature;
}

/** An answer names what was asked for and the version that answered; a label is never echoed. */
export function answerSpec(handle: Handle, signature: string): AnswerSpec {
  return { name: handle.name, version: handle.version, signature };
}
