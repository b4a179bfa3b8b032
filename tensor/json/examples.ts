import { InferenceError } from "../../core/index.ts";
import { JSON_EXAMPLE_COST } from "../limits.ts";
import { type ExamplesInput, FeaturesWriter } from "../proto/index.ts";
import { bodyError, type RequestBody } from "./body.ts";
import { CLOSE_BRACKET, eachElement, eachMember, OPEN_BRACE, OPEN_BRACKET, skipSpace, skipValue } from "./cursor.ts";
import { FeatureReader } from "./feature.ts";
import { jsonType } from "./quote.ts";
import { type JsonReading, type Source, sourceOf } from "./source.ts";
import { stringBytes } from "./text.ts";

/**
 * The examples of a classify or regress request, each a serialized `tf.Example`. Throws INVALID_ARGUMENT.
 */
export function decodeExamples(body: RequestBody, reading: JsonReading = {}): ExamplesInput {
  const { bytes, rootAt, members } = body;
  const source = sourceOf(body, reading);
  const contextAt = members.get("context");
  const context = contextAt === undefined ? undefined : readExample(source, contextAt);
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
    examples.push(readExample(source, valueAt));
    return skipValue(bytes, valueAt);
  });
  return { examples, context };
}

/** An object of features. Of two with one name both are written: the last counts, as in any map of protobuf. */
function readExample(source: Source, at: number): Uint8Array {
  const { bytes, budget } = source;
  budget.take(JSON_EXAMPLE_COST);
  if (bytes[at] !== OPEN_BRACE) {
    throw new InferenceError("INVALID_ARGUMENT", `Example must be JSON object but got JSON ${jsonType(bytes, at)}`);
  }
  const writer = new FeaturesWriter();
  eachMember(bytes, at, (nameAt, valueAt) => {
    const name = stringBytes(bytes, nameAt);
    const feature = new FeatureReader(source, name);
    const end = feature.read(valueAt);
    writer.add(name, feature);
    return end;
  });
  return writer.finish();
}
