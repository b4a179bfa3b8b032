import {
  decodeClassificationResponse,
  decodePredictResponse,
  decodeRegressionResponse,
  dtypeNamed,
  packedTensor,
  sliceRows,
  splitResults,
  stringTensor,
  type Tensor,
} from "../../tensor/index.ts";
import { messageOf, outputsOf } from "../answer-content.ts";
import type { Answer, RoutedCall } from "../call.ts";

/** A call's place in a joined one. */
export interface Part {
  readonly routed: RoutedCall;
  readonly size: { readonly rows: number };
}

/** Each part's own answer, or why there is none: the answer has to have a row for each row of the call. */
export function split(answer: Answer, parts: readonly Part[], padding: number): Answer[] | { readonly reason: string } {
  const [first] = parts;
  if (first === undefined) return [];
  let rows = padding;
  for (const { size } of parts) rows += size.rows;
  if (first.routed.call.method === "Predict") return splitTensors(answer, parts, rows);
  const counts = parts.map(({ size }) => size.rows);
  const messages = splitResults(messageOf(answer.content), padding === 0 ? counts : [...counts, padding]);
  if (messages === undefined) return { reason: `${rows} rows in company have other than ${rows} results` };
  return parts.map(({ routed }, i) => ({
    target: answer.target,
    arm: routed.arm,
    content: { is: "message", message: messages[i] as Uint8Array },
  }));
}

function splitTensors(answer: Answer, parts: readonly Part[], rows: number): Answer[] | { readonly reason: string } {
  const { target, content } = answer;
  const { spec, outputs } = content.is === "outputs" ? content : decodePredictResponse(content.message);
  for (const [alias, { shape }] of outputs) {
    if (shape[0] !== rows) return { reason: `output "${alias}" of ${rows} rows in company is [${shape.join(",")}]` };
  }
  if (outputs.size === 0 || spec === undefined) return { reason: "there are no outputs" };
  let from = 0;
  return parts.map(({ routed, size }) => {
    const part = new Map<string, Tensor>();
    for (const [alias, tensor] of outputs) part.set(alias, sliceRows(tensor, from, size.rows));
    from += size.rows;
    return { target, arm: routed.arm, content: { is: "outputs", spec, outputs: part } };
  });
}

/** What an answer holds, as tensors, so that two can be compared whichever method they are of. */
export function contentOf({ call: { method } }: RoutedCall, { content }: Answer): ReadonlyMap<string, Tensor> {
  if (method === "Predict") return outputsOf(content);
  const message = messageOf(content);
  if (method === "Regress") return new Map([["values", floats(decodeRegressionResponse(message).values)]]);
  return new Map(
    decodeClassificationResponse(message).results.flatMap(({ labels, scores }, row): [string, Tensor][] => [
      [`labels of row ${row}`, stringTensor([labels.length], labels)],
      [`scores of row ${row}`, floats(scores)],
    ]),
  );
}

function floats(values: Float32Array): Tensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return packedTensor(dtypeNamed("float"), [values.length], bytes);
}
