import { InferenceError } from "../../core/index.ts";
import type { Signature } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { bodyError, type RequestBody } from "./body.ts";
import { readColumns } from "./columns.ts";
import { OPEN_BRACKET } from "./cursor.ts";
import { readRows } from "./rows.ts";

/** `row`: a list of instances, answered by a list of predictions; `columnar`: whole tensors by name. */
export type PredictFormat = "row" | "columnar";

export interface PredictInputs {
  readonly format: PredictFormat;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/**
 * The tensors of a predict request, typed by the signature; strings without escapes are views of the body. Throws
 * INVALID_ARGUMENT, and UNIMPLEMENTED for a dtype that JSON has no values for.
 */
export function decodePredictInputs(body: RequestBody, signature: Signature): PredictInputs {
  if (signature.inputs.size === 0) {
    const name = body.signature === "" ? "DEFAULT" : body.signature;
    throw new InferenceError("INVALID_ARGUMENT", `Failed to get input map for signature: ${name}`);
  }
  const { bytes, rootAt, members } = body;
  const instances = members.get("instances");
  const inputs = members.get("inputs");
  if (instances !== undefined && inputs !== undefined) {
    throw bodyError(
      bytes,
      rootAt,
      "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
    );
  }
  if (instances !== undefined) {
    if (bytes[instances] !== OPEN_BRACKET) {
      throw bodyError(bytes, rootAt, "Expecting 'instances' to be an list/array");
    }
    const rows = readRows(bytes, instances, signature.inputs);
    if (rows === undefined) throw bodyError(bytes, rootAt, "No values in 'instances' array");
    return { format: "row", inputs: rows };
  }
  if (inputs !== undefined) return { format: "columnar", inputs: readColumns(bytes, inputs, signature.inputs) };
  throw new InferenceError("INVALID_ARGUMENT", "Missing 'inputs' or 'instances' key");
}
