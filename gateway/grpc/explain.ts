import { DEFAULT_SIGNATURE, InferenceError, type ModelSpec } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import { inputsClause, signaturesClause, withClause } from "../expected.ts";

/** How TensorFlow Serving's errors about the signature begin, and those about inputs that don't fit it. */
const NO_SIGNATURE = /^(Serving signature key|No signature was found|Requested signature not found)/;
const WRONG_INPUTS = /^(input size does not match|Signature input alias|Inputs contains invalid name|Expects arg\[)/;

/** The error with what was expected behind it, where that helps. */
export function explained(thrown: unknown, { signature }: ModelSpec, { signatures }: Servable): unknown {
  if (!(thrown instanceof InferenceError)) return thrown;
  if (NO_SIGNATURE.test(thrown.message)) return withClause(thrown, signaturesClause(signatures));
  const asked = signatures.get(signature === "" ? DEFAULT_SIGNATURE : signature);
  return asked !== undefined && WRONG_INPUTS.test(thrown.message) ? withClause(thrown, inputsClause(asked)) : thrown;
}
