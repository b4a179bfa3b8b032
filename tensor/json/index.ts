export { memoryOfBody, parseRequestBody, type RequestBody } from "./body.ts";
export { decodeExamples } from "./examples.ts";
export { decodePredictInputs, type PredictFormat, type PredictInputs, predictFormat } from "./predict-inputs.ts";
export { encodePredictOutputs } from "./predict-outputs.ts";
export { requestRows } from "./request-rows.ts";
export { encodeClassifications, encodeRegressions, errorBody } from "./results.ts";
export type { JsonReading } from "./source.ts";
export { EMPTY_BODY } from "./syntax.ts";
export type { JsonWriting } from "./write-values.ts";
