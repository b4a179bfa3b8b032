import { type Bytes, joined } from "../../core/index.ts";
import {
  decodeExamplesRequest,
  type ExamplesRequest,
  encodeRegressionResponse,
  type Signature,
  type Tensor,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import type { CallScope } from "./call-scope.ts";
import { exampleBatch, exampleSignature, floatsOf, INPUTS_ALIAS, invalid, runExamples, shapeText } from "./examples.ts";
import { checkExamplesMethod, type InferenceRules } from "./rules.ts";
import { describeSignature } from "./signature-text.ts";
import { acquireFor, answerSpec, checkedSpec, signatureKey } from "./target.ts";

/** `PredictionService.Regress` on message bytes. The rules and words are those of `servables/tensorflow/regressor.cc`. */
export async function regress(
  manager: Manager,
  rules: InferenceRules,
  bytes: Bytes,
  scope: CallScope,
): Promise<Uint8Array> {
  const request = decodeExamplesRequest(joined(bytes));
  const spec = checkedSpec(request.spec);
  using handle = acquireFor(manager, spec);
  const values = await runRegress(handle.model, rules, request, scope);
  return encodeRegressionResponse(answerSpec(handle, signatureKey(spec)), values);
}

export async function runRegress(
  model: LoadedModel,
  rules: InferenceRules,
  request: ExamplesRequest,
  scope: CallScope,
): Promise<Float32Array> {
  const signature = exampleSignature(model, signatureKey(request.spec));
  const aliases = regressionAliases(signature, rules);
  const batch = exampleBatch(request.input);
  return valuesOf(await runExamples(model, signature, batch, aliases, scope), batch.values.length);
}

const OUTPUTS = "outputs";

/** The output to fetch. Throws INVALID_ARGUMENT for a signature of another kind. */
export function regressionAliases(signature: Signature, rules: InferenceRules): readonly string[] {
  checkExamplesMethod("regress", signature, rules);
  const { inputs, outputs } = signature;
  if (inputs.size !== 1) throw invalid("Expected one input Tensor.");
  if (outputs.size !== 1) throw invalid("Expected one output Tensor.");
  if (!inputs.has(INPUTS_ALIAS)) {
    throw invalid(`No regression inputs found in SignatureDef: ${describeSignature(signature)}`);
  }
  if (!outputs.has(OUTPUTS)) {
    throw invalid(`No regression outputs found in SignatureDef: ${describeSignature(signature)}`);
  }
  return [OUTPUTS];
}

/** One number an example, from a tensor `[batch]` or `[batch, 1]`. */
export function valuesOf(outputs: ReadonlyMap<string, Tensor>, batchSize: number): Float32Array {
  const tensor = outputs.get(OUTPUTS);
  if (tensor === undefined) throw invalid("Expected one output Tensor.");
  const { shape } = tensor;
  if (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1)) {
    throw invalid(
      `Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got ${shapeText(tensor)}`,
    );
  }
  if (shape[0] !== batchSize) {
    throw invalid(`Input batch size did not match output batch size: ${batchSize} vs. ${shape[0]}`);
  }
  return floatsOf(tensor, "output");
}
