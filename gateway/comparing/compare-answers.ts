import type { Tolerance } from "../../config/index.ts";
import {
  type Classes,
  decodeClassificationResponse,
  decodeRegressionResponse,
  dtypeNamed,
  packedTensor,
  type Tensor,
} from "../../tensor/index.ts";
import { messageOf, outputsOf } from "../answer-content.ts";
import type { AnswerContent, InferenceMethod } from "../call.ts";
import { compareClasses } from "./compare-classes.ts";
import { compareTensors } from "./compare-tensors.ts";
import { type Compared, mismatched } from "./compared.ts";
import { classesExcerpt, tensorExcerpt } from "./excerpt.ts";

/** The methods whose answers can be compared. */
export type ComparedMethod = Exclude<InferenceMethod, "MultiInference">;

export interface ComparedOutput extends Compared {
  /** Its alias; of Classify "classes", of Regress "outputs", as TensorFlow names them. */
  readonly output: string;
}

/** Plain data. */
export interface Comparison {
  /** In the order of the first answer. */
  readonly outputs: readonly ComparedOutput[];
  /** The output that differs most, with both answers' values in its worst row; undefined: all are equal. */
  readonly worst: (ComparedOutput & { readonly values: readonly [one: string, other: string] }) | undefined;
}

/** Compares two answers of a method, output by output. Throws INTERNAL for what is no such answer. */
export function compareAnswers(
  method: ComparedMethod,
  one: AnswerContent,
  other: AnswerContent,
  tolerance: Tolerance,
): Comparison {
  if (method === "Classify") {
    const [left, right] = [classesOf(one), classesOf(other)];
    const compared = { output: "classes", ...compareClasses(left, right, tolerance) };
    const { worstRow } = compared;
    const values = [classesExcerpt(left[worstRow]), classesExcerpt(right[worstRow])] as const;
    return { outputs: [compared], worst: compared.isEqual ? undefined : { ...compared, values } };
  }
  const read = method === "Predict" ? outputsOf : regressionsOf;
  const [left, right] = [read(one), read(other)];
  const outputs = Array.from(new Set([...left.keys(), ...right.keys()]), (output): ComparedOutput => {
    const [tensor, its] = [left.get(output), right.get(output)];
    if (tensor === undefined) return { output, ...mismatched("only the copy has it") };
    if (its === undefined) return { output, ...mismatched("only the caller has it") };
    return { output, ...compareTensors(tensor, its, tolerance) };
  });
  const worst = worstOf(outputs);
  if (worst === undefined) return { outputs, worst };
  const { output, worstRow } = worst;
  const values = [tensorExcerpt(left.get(output), worstRow), tensorExcerpt(right.get(output), worstRow)] as const;
  return { outputs, worst: { ...worst, values } };
}

/** What cannot be compared at all, or else the largest difference. */
function worstOf(outputs: readonly ComparedOutput[]): ComparedOutput | undefined {
  let worst: ComparedOutput | undefined;
  for (const output of outputs) {
    if (!output.isEqual && (worst === undefined || weightOf(output) > weightOf(worst))) worst = output;
  }
  return worst;
}

function weightOf({ mismatch, maxAbsDifference = 0 }: ComparedOutput): number {
  return mismatch === undefined ? maxAbsDifference : Number.POSITIVE_INFINITY;
}

function classesOf(content: AnswerContent): readonly Classes[] {
  return decodeClassificationResponse(messageOf(content)).results;
}

function regressionsOf(content: AnswerContent): ReadonlyMap<string, Tensor> {
  const { values } = decodeRegressionResponse(messageOf(content));
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return new Map([["outputs", packedTensor(dtypeNamed("float"), [values.length], bytes)]]);
}
