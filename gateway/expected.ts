import { InferenceError } from "../core/index.ts";
import type { Signature, Signatures, TensorInfo } from "../tensor/index.ts";

/** A message is for a person: of long lists it tells the beginning. */
const MAX_LISTED = 16;

/** Errors that are not about what the client has sent, and so need no word of what was expected of it. */
const SAYING_ALL = new WeakSet<InferenceError>();

/** An error with a clause behind its own text; anything else as it is. */
export function withClause(thrown: unknown, clause: string): unknown {
  if (!(thrown instanceof InferenceError) || SAYING_ALL.has(thrown)) return thrown;
  return withMessage(thrown, `${thrown.message}; ${clause}`);
}

/** The same error in these words, which no clause is put behind any more. */
export function sayingAll(error: InferenceError, message: string): InferenceError {
  const whole = withMessage(error, message);
  SAYING_ALL.add(whole);
  return whole;
}

function withMessage(
  { code, origin, retryable, retryAfterMs, cause }: InferenceError,
  message: string,
): InferenceError {
  return new InferenceError(code, message, {
    origin,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause,
  });
}

/** `"serving_default" takes x: float [-1,1], y: string of any shape`. */
export function inputsClause({ key, inputs }: Signature): string {
  if (inputs.size === 0) return `"${key}" takes no inputs`;
  return `"${key}" takes ${listed(Array.from(inputs, describeInput).sort())}`;
}

/** `the model has "a", "b"`: its signatures, without the one that only initializes it. */
export function signaturesClause(signatures: Signatures): string {
  const names = [...signatures.keys()].filter((name) => name !== "__saved_model_init_op");
  return `the model has ${names.length === 0 ? "none" : listed(names.sort().map((name) => `"${name}"`))}`;
}

function describeInput([name, { dtype, shape }]: readonly [string, TensorInfo]): string {
  return `${name}: ${dtype?.name ?? "invalid"} ${shape === undefined ? "of any shape" : `[${shape.join(",")}]`}`;
}

function listed(words: readonly string[]): string {
  const left = words.length - MAX_LISTED;
  return left > 0 ? `${words.slice(0, MAX_LISTED).join(", ")} and ${left} more` : words.join(", ");
}
