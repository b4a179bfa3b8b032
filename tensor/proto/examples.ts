import type { ModelSpec } from "../../core/index.ts";
import { StringBudget } from "../limits.ts";
import { readSpec, writeSpec } from "./model-spec.ts";
import { LEN, WireReader } from "./reader.ts";
import { fieldSize, WireWriter } from "./writer.ts";

/**
 * `tensorflow.serving.Input`: serialized `tf.Example`s as they are, never decoded here. With a context (which may be
 * empty) its bytes go before those of each example.
 */
export interface ExamplesInput {
  readonly examples: readonly Uint8Array[];
  /** Undefined for an `example_list`. */
  readonly context: Uint8Array | undefined;
}

/** `tensorflow.serving.ClassificationRequest` and `RegressionRequest`, which are alike. */
export interface ExamplesRequest {
  /** Undefined when the message has none; its name may be "". */
  readonly spec: ModelSpec | undefined;
  /** Undefined when no kind of input is set. */
  readonly input: ExamplesInput | undefined;
}

const REQUEST = { spec: 1, input: 2 } as const;
const INPUT = { list: 1, listWithContext: 2 } as const;

/** Examples and context are views of `bytes`. Throws INVALID_ARGUMENT. */
export function decodeExamplesRequest(bytes: Uint8Array): ExamplesRequest {
  const reader = new WireReader(bytes);
  let spec: ModelSpec | undefined;
  let input: ExamplesInput | undefined;
  const budget = new StringBudget();
  while (reader.next()) {
    if (reader.is(REQUEST.spec, LEN)) spec = readSpec(reader.message(), spec);
    else if (reader.is(REQUEST.input, LEN)) input = readInput(reader.message(), budget, input);
    else reader.skip();
  }
  return { spec, input };
}

export function encodeExamplesRequest(request: ExamplesRequest): Uint8Array {
  const writer = new WireWriter(inputSize(request.input) + 256);
  if (request.spec !== undefined) writeSpec(writer, REQUEST.spec, request.spec);
  if (request.input !== undefined) writeInput(writer, REQUEST.input, request.input);
  return writer.finish();
}

/** Lists of repeated occurrences are joined, as protobuf merges them; another kind replaces what was there. */
export function readInput(reader: WireReader, budget: StringBudget, before?: ExamplesInput): ExamplesInput | undefined {
  let input = before;
  while (reader.next()) {
    if (reader.is(INPUT.list, LEN)) {
      const kept = input?.context === undefined ? (input?.examples ?? []) : [];
      input = readList(reader.message(), budget, kept, undefined);
    } else if (reader.is(INPUT.listWithContext, LEN)) {
      const kept = input?.context === undefined ? undefined : input;
      input = readList(reader.message(), budget, kept?.examples ?? [], kept?.context ?? new Uint8Array(0));
    } else reader.skip();
  }
  return input;
}

function readList(
  reader: WireReader,
  budget: StringBudget,
  kept: readonly Uint8Array[],
  before: Uint8Array | undefined,
): ExamplesInput {
  const examples = [...kept];
  let context = before;
  while (reader.next()) {
    if (reader.is(1, LEN)) {
      budget.take(1);
      examples.push(reader.view());
    } else if (before !== undefined && reader.is(2, LEN)) {
      const part = reader.view();
      // Serialized messages merge by being joined.
      context = context === undefined || context.length === 0 ? part : Buffer.concat([context, part]);
    } else reader.skip();
  }
  return { examples, context };
}

/** An upper bound of the bytes that {@link writeInput} takes. */
export function inputSize(input: ExamplesInput | undefined): number {
  let bytes = 32 + (input?.context?.length ?? 0);
  for (const example of input?.examples ?? []) bytes += fieldSize(example.length);
  return bytes;
}

export function writeInput(writer: WireWriter, field: number, input: ExamplesInput): void {
  const { examples, context } = input;
  let size = context === undefined ? 0 : fieldSize(context.length);
  for (const example of examples) size += fieldSize(example.length);
  writer.tag(field, LEN);
  writer.varint(fieldSize(size));
  writer.tag(context === undefined ? INPUT.list : INPUT.listWithContext, LEN);
  writer.varint(size);
  for (const example of examples) writer.lengthDelimited(1, example);
  if (context !== undefined) writer.lengthDelimited(2, context);
}
