import { decodeExamplesRequest, decodePredictRequest } from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { RecordedInputs } from "../merging/index.ts";
import { exampleBatch, INPUTS_ALIAS } from "./examples.ts";
import { LOGS, requestIn } from "./replay.ts";
import { signatureKey } from "./target.ts";

/** What a serialized `tensorflow.serving.PredictionLog` would feed to a signature; undefined for one that feeds none or several, or that cannot be read. */
export function recordedInputs(model: LoadedModel, predictionLog: Buffer): RecordedInputs | undefined {
  try {
    return inputsIn(model, predictionLog);
  } catch {
    return undefined;
  }
}

function inputsIn(model: LoadedModel, predictionLog: Buffer): RecordedInputs | undefined {
  const { kind, request } = requestIn(predictionLog);
  if (kind === LOGS.predict) {
    const { spec, inputs } = decodePredictRequest(request);
    return { signature: signatureKey(spec), inputs: new Map(Array.from(inputs, ([alias, read]) => [alias, read()])) };
  }
  if (kind !== LOGS.classify && kind !== LOGS.regress) return undefined;
  const { spec, input } = decodeExamplesRequest(request);
  const signature = signatureKey(spec);
  const [alias = INPUTS_ALIAS] = model.signatures.get(signature)?.inputs.keys() ?? [];
  return { signature, inputs: new Map([[alias, exampleBatch(input)]]) };
}
