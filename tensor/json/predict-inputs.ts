import { InferenceError } from "../../core/index.ts";
import type { Signature } from "../signature.ts";
import type { Tensor } from "../tensor.ts";
import { bodyError, type RequestBody } from "./body.ts";
import { readColumns } from "./columns.ts";
import { eachElement, OPEN_BRACKET, QUOTE, skipString } from "./cursor.ts";
import { readRows } from "./rows.ts";
import { type JsonReading, type Source, sourceOf } from "./source.ts";
import { stringText } from "./text.ts";

/** `row`: a list of instances, answered by a list of predictions; `columnar`: whole tensors by name. */
export type PredictFormat = "row" | "columnar";

export interface PredictInputs {
  readonly format: PredictFormat;
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** The outputs that are wanted, by alias; empty: all of them. */
  readonly outputFilter: readonly string[];
}

/** As far as the body has one. */
export function predictFormat({ members }: RequestBody): PredictFormat {
  return members.has("inputs") && !members.has("instances") ? "columnar" : "row";
}

/**
 * The tensors of a predict request, typed by the signature; strings without escapes are views of the body. Throws
 * INVALID_ARGUMENT, and UNIMPLEMENTED for a dtype that JSON has no values for.
 */
export function decodePredictInputs(body: RequestBody, signature: Signature, reading: JsonReading = {}): PredictInputs {
  if (signature.inputs.size === 0) {
    const name = body.signature === "" ? "DEFAULT" : body.signature;
    throw new InferenceError("INVALID_ARGUMENT", `Failed to get input map for signature: ${name}`);
  }
  const { bytes, rootAt, members } = body;
  const source = sourceOf(body, reading);
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
    const rows = readRows(source, instances, signature.inputs);
    if (rows === undefined) throw bodyError(bytes, rootAt, "No values in 'instances' array");
    return { format: "row", inputs: rows, outputFilter: readOutputFilter(body, source) };
  }
  if (inputs === undefined) throw new InferenceError("INVALID_ARGUMENT", "Missing 'inputs' or 'instances' key");
  const columns = readColumns(source, inputs, signature.inputs);
  return { format: "columnar", inputs: columns, outputFilter: readOutputFilter(body, source) };
}

/** `output_filter`, which TensorFlow Serving has over gRPC only. */
function readOutputFilter({ rootAt, members }: RequestBody, { bytes, budget }: Source): readonly string[] {
  const at = members.get("output_filter");
  if (at === undefined) return [];
  const wrong = (): InferenceError => bodyError(bytes, rootAt, "Expecting 'output_filter' to be a list of strings");
  if (bytes[at] !== OPEN_BRACKET) throw wrong();
  const aliases: string[] = [];
  eachElement(bytes, at, (valueAt) => {
    if (bytes[valueAt] !== QUOTE) throw wrong();
    budget.take(1);
    aliases.push(stringText(bytes, valueAt));
    return skipString(bytes, valueAt);
  });
  return aliases;
}
