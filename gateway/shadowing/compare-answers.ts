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
import { type Compared, compareTensors, mismatched } from "./compare-tensors.ts";
import { classesExcerpt, tensorExcerpt } from "./excerpt.ts";

/** The methods whose answers can be compared. */
export type ComparedMethod = Exclude<InferenceMethod, "MultiInference">;

export interface ComparedOutput extends Compared {
  /** Its alias; of Classify "classes", of Regress "outputs", as TensorFlow names them. */
  readonly output: string;
  /** The caller's and the copy's values in the worst row, for a person. */
  readonly excerpts: () => readonly [string, string];
}

/**
 * Output by output, in the order of the caller's answer. Yields now and then; throws INTERNAL for what is no answer of the
 * method.
 */
export function* compareAnswers(
  method: ComparedMethod,
  one: AnswerContent,
  other: AnswerContent,
  tolerance: Tolerance,
): Generator<void, readonly ComparedOutput[]> {
  if (method === "Classify") {
    const [left, right] = [classesOf(one), classesOf(other)];
    const compared = yield* compareClasses(left, right, tolerance);
    const { worstRow } = compared;
    const excerpts = () => [classesExcerpt(left[worstRow]), classesExcerpt(right[worstRow])] as const;
    return [{ ...compared, output: "classes", excerpts }];
  }
  const read = method === "Predict" ? outputsOf : regressionsOf;
  const [left, right] = [read(one), read(other)];
  const found: ComparedOutput[] = [];
  for (const output of new Set([...left.keys(), ...right.keys()])) {
    yield;
    const [its, others] = [left.get(output), right.get(output)];
    const compared =
      its === undefined || others === undefined
        ? mismatched(its === undefined ? "only the copy has it" : "only the caller has it")
        : yield* compareTensors(its, others, tolerance);
    const { worstRow } = compared;
    const excerpts = () => [tensorExcerpt(its, worstRow), tensorExcerpt(others, worstRow)] as const;
    found.push({ ...compared, output, excerpts });
  }
  return found;
}

function classesOf(content: AnswerContent): readonly Classes[] {
  return decodeClassificationResponse(messageOf(content)).results;
}

function regressionsOf(content: AnswerContent): ReadonlyMap<string, Tensor> {
  const { values } = decodeRegressionResponse(messageOf(content));
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return new Map([["outputs", packedTensor(dtypeNamed("float"), [values.length], bytes)]]);
}
