export { decodeTensor } from "./decode-tensor.ts";
export { encodeTensor, type TensorForm, type TensorHead } from "./encode-tensor.ts";
export {
  decodeExamplesRequest,
  type ExamplesInput,
  type ExamplesRequest,
  encodeExamplesRequest,
} from "./examples.ts";
export type { AnswerSpec } from "./model-spec.ts";
export {
  decodeMultiInferenceRequest,
  decodeMultiInferenceResponse,
  encodeMultiInferenceRequest,
  encodeMultiInferenceResponse,
  type InferenceResult,
  type InferenceTask,
  type MultiInferenceRequest,
} from "./multi-inference.ts";
export {
  decodePredictRequest,
  decodePredictResponse,
  encodePredictRequest,
  encodePredictRequestPieces,
  encodePredictResponse,
  type LaidOut,
  layOutPredictResponse,
  type PredictRequest,
  type PredictResponse,
  type SentPredictRequest,
} from "./predict.ts";
export {
  type RequestMethod,
  requestSpec,
  requestWithoutSpec,
  rewriteRequestSpec,
  type SpecChange,
} from "./request-spec.ts";
export {
  type Classes,
  type ClassificationResponse,
  decodeClassificationResponse,
  decodeRegressionResponse,
  encodeClassificationResponse,
  encodeRegressionResponse,
  exampleCount,
  type RegressionResponse,
} from "./results.ts";
export { parseSignatureDefMap, restoresVariables, signatureDefMapOf } from "./signature-def.ts";
export { splitResults } from "./split-results.ts";
export { type FeatureKind, FeaturesWriter, type FeatureValues } from "./tf-example.ts";
