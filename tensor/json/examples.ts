import { InferenceError } from "../../core/index.ts";
import { JSON_EXAMPLE_COST, StringBudget } from "../limits.ts";
import { type ExamplesInput, FeaturesWriter } from "../proto/index.ts";
import { bodyError, type RequestBody } from "./body.ts";
import { CLOSE_BRACKET, eachElement, eachMember, OPEN_BRACE, OPEN_BRACKET, skipSpace, skipValue } from "./cursor.ts";
import { FeatureReader } from "./feature.ts";
import { jsonType } from "./quote.ts";
import { stringBytes } from "./text.ts";

/**
 * The examples of a classify or regress request, each a serialized `tf.Example`. Throws INVALID_ARGUMENT.
 */
export function decodeExamples(body: RequestBody): ExamplesInput {
  const { bytes, rootAt, members } = body;
  const budget = new StringBudget();
  const contextAt = members.get("context");
  const context = contextAt === undefined ? undefined : readExample(bytes, contextAt, budget);
  const at = members.get("examples");
  if (at === undefined) {
    throw bodyError(bytes, rootAt, "When method is classify, key 'examples' is expected and was not found");
  }
  if (bytes[at] !== OPEN_BRACKET) throw bodyError(bytes, rootAt, "Expecting 'examples' value to be an list/array");
  if (bytes[skipSpace(bytes, at + 1)] === CLOSE_BRACKET) {
    throw bodyError(bytes, rootAt, "'examples' value is an empty array");
  }
  const examples: Uint8Array[] = [];
  eachElement(bytes, at, (valueAt) => {
    examples.push(readExample(bytes, valueAt, budget));
    return skipValue(bytes, valueAt);
  });
  return { examples, context };
}

/** An object of features. The first of two with one name counts. */
function readExample(bytes: Uint8Array, at: number, budget: StringBudget): Uint8Array {
  budget.take(JSON_EXAMPLE_COST);
  if (bytes[at] !== OPEN_BRACE) {
    throw new InferenceError("INVALID_ARGUMENT", `Example must be JSON object but got JSON ${jsonType(bytes, at)}`);
  }
  const writer = new FeaturesWriter();
  const seen = new Set<string>();
  eachMember(bytes, at, (nameAt, valueAt) => {
    const name = stringBytes(bytes, nameAt);
    const key = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString("latin1");
    if (seen.has(key)) return skipValue(bytes, valueAt);
    seen.add(key);
    const feature = new FeatureReader(bytes, name, budget);
    const end = feature.read(valueAt);
    writer.add(name, feature);
    return end;
  });
  return writer.finish();
}
