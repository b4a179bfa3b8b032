import type { Bytes, CallSignal, Deadline } from "../../core/index.ts";
import {
  type ExamplesInput,
  encodeExamplesRequest,
  encodePredictRequestPieces,
  joinRows,
  sliceRows,
  type Tensor,
} from "../../tensor/index.ts";
import type { CallInputs, ExamplesInputs, PredictInputs, RoutedCall, Servable } from "../call.ts";

/** What ends a joined call. */
export interface Limits {
  readonly deadline: Deadline;
  readonly signal: CallSignal;
}

/**
 * One call that holds the rows of all, which are of one kind, in their order; behind them `padding` copies of the last
 * one's first row. `like` gives method, target and arm. Headers stay behind: they have been looked at by then.
 */
export function joined(
  like: RoutedCall,
  parts: readonly CallInputs[],
  padding: number,
  { deadline, signal }: Limits,
): RoutedCall {
  const messageFor = (target: Servable): Bytes => encodeJoined(target, parts, padding);
  return {
    ...like,
    call: { ...like.call, body: { messageFor, readsAnswer: true }, header: () => undefined, deadline, signal },
  };
}

function encodeJoined({ name, version }: Servable, parts: readonly CallInputs[], padding: number): Bytes {
  const [first] = parts;
  if (first === undefined) throw new RangeError("there is nothing to join");
  const spec = { name, choice: { by: "version", version }, signature: first.signature } as const;
  if (first.kind === "examples") {
    return encodeExamplesRequest({ spec, input: joinedExamples(parts as readonly ExamplesInputs[], padding) });
  }
  const inputs = joinedTensors(first, parts as readonly PredictInputs[], padding);
  return encodePredictRequestPieces({ spec, inputs, outputFilter: first.outputFilter });
}

function joinedTensors(
  first: PredictInputs,
  parts: readonly PredictInputs[],
  padding: number,
): ReadonlyMap<string, Tensor> {
  const joined = new Map<string, Tensor>();
  for (const name of first.inputs.keys()) {
    const tensors = parts.map(({ inputs }) => inputs.get(name) as Tensor);
    const last = tensors.at(-1) as Tensor;
    const copies = Array.from({ length: padding }, () => sliceRows(last, 0, 1));
    joined.set(name, joinRows(padding === 0 ? tensors : [...tensors, ...copies]));
  }
  return joined;
}

/** An example behind its context is one again: serialized messages merge by being joined, and what comes last wins. */
function joinedExamples(parts: readonly ExamplesInputs[], padding: number): ExamplesInput {
  const examples = parts.flatMap(({ input: { examples, context } }) =>
    context === undefined ? examples : examples.map((example) => Buffer.concat([context, example])),
  );
  const [copied] = parts.at(-1)?.input.examples ?? [];
  const copies = copied === undefined ? [] : Array.from({ length: padding }, () => copied);
  return { examples: [...examples, ...copies], context: undefined };
}
