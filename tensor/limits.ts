import { InferenceError } from "../core/index.ts";

/**
 * Strings and examples are an object each, some fifty times the two bytes that one can take on the wire: without a limit
 * a body of a few hundred megabytes would be the end of the process.
 */
const MAX_STRINGS = 2 ** 21;
/** What an example made from JSON counts for: it has buffers of its own. */
export const JSON_EXAMPLE_COST = 8;
/** Named inputs, wanted outputs, tasks: far more than any model has. */
export const MAX_NAMES: number = 2 ** 16;

export function tooMany(what: string, most: number): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `a request may hold ${most} ${what} at most`);
}

/** What one request may still hold; shared by all that is read of it. */
export class StringBudget {
  private left = MAX_STRINGS;

  /** Throws INVALID_ARGUMENT when that many are not left. */
  take(count: number): void {
    this.left -= count;
    if (this.left < 0) throw new InferenceError("INVALID_ARGUMENT", "the request holds too many strings or examples");
  }
}
