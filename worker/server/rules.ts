import { InferenceError } from "../../core/index.ts";
import type { Signature, TensorForm } from "../../tensor/index.ts";

/** What flags decide about the answers of PredictionService. */
export interface InferenceRules {
  /** `--enable_signature_method_name_check`: a signature is run only by the calls that its method_name stands for. */
  readonly checkMethodNames: boolean;
  /** `--enable_serialization_as_tensor_content`: `content`. */
  readonly outputForm: TensorForm;
}

/** The method names that exporters write into signatures (`tensorflow/cc/saved_model/signature_constants.h`). */
export const METHOD_NAMES = {
  predict: "tensorflow/serving/predict",
  classify: "tensorflow/serving/classify",
  regress: "tensorflow/serving/regress",
} as const;

/** Any of the three may be run by Predict; another one is INTERNAL, as in `predict_util.cc`. */
export function checkPredictMethod({ methodName }: Signature, { checkMethodNames }: InferenceRules): void {
  const names: readonly string[] = Object.values(METHOD_NAMES);
  if (!checkMethodNames || names.includes(methodName)) return;
  const message = `Expected prediction signature method_name to be one of {${names.join(", ")}}. Was: ${methodName}`;
  throw new InferenceError("INTERNAL", message, { origin: "client" });
}

/** As `classifier.cc` and `regressor.cc` check it. */
export function checkExamplesMethod(
  kind: "classify" | "regress",
  { methodName }: Signature,
  { checkMethodNames }: InferenceRules,
): void {
  if (!checkMethodNames || methodName === METHOD_NAMES[kind]) return;
  const what = kind === "classify" ? "classification" : "regression";
  const message = `Expected ${what} signature method_name to be ${METHOD_NAMES[kind]}. Was: ${methodName}`;
  throw new InferenceError("INVALID_ARGUMENT", message);
}
