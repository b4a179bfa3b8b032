import { type Bytes, joined } from "../../core/index.ts";
import {
  type Classes,
  decodeExamplesRequest,
  type ExamplesRequest,
  encodeClassificationResponse,
  type Signature,
  type Tensor,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import type { CallScope } from "./call-scope.ts";
import {
  dtypeText,
  exampleBatch,
  exampleSignature,
  floatsOf,
  INPUTS_ALIAS,
  invalid,
  runExamples,
  shapeText,
} from "./examples.ts";
import { checkExamplesMethod, type InferenceRules } from "./rules.ts";
import { describeSignature } from "./signature-text.ts";
import { acquireFor, answerSpec, checkedSpec, signatureKey } from "./target.ts";

/** `PredictionService.Classify` on message bytes. The rules and words are those of `servables/tensorflow/classifier.cc`. */
export async function classify(
  manager: Manager,
  rules: InferenceRules,
  bytes: Bytes,
  scope: CallScope,
): Promise<Uint8Array> {
  const request = decodeExamplesRequest(joined(bytes));
  const spec = checkedSpec(request.spec);
  using handle = acquireFor(manager, spec);
  const results = await runClassify(handle.model, rules, request, scope);
  return encodeClassificationResponse(answerSpec(handle, signatureKey(spec)), results);
}

export async function runClassify(
  model: LoadedModel,
  rules: InferenceRules,
  request: ExamplesRequest,
  scope: CallScope,
): Promise<readonly Classes[]> {
  const signature = exampleSignature(model, signatureKey(request.spec));
  const aliases = classificationAliases(signature, rules);
  const batch = exampleBatch(request.input);
  return classesOf(await runExamples(model, signature, batch, aliases, scope), batch.values.length);
}

const CLASSES = "classes";
const SCORES = "scores";

/** The outputs to fetch: `classes`, `scores` or both. Throws INVALID_ARGUMENT for a signature of another kind. */
export function classificationAliases(signature: Signature, rules: InferenceRules): readonly string[] {
  checkExamplesMethod("classify", signature, rules);
  const { inputs, outputs } = signature;
  if (inputs.size !== 1) throw invalid("Expected one input Tensor.");
  if (outputs.size !== 1 && outputs.size !== 2) {
    throw invalid(`Expected one or two output Tensors, found ${outputs.size}`);
  }
  if (!inputs.has(INPUTS_ALIAS)) {
    throw invalid(`No classification inputs found in SignatureDef: ${describeSignature(signature)}`);
  }
  const aliases = [CLASSES, SCORES].filter((alias) => outputs.has(alias));
  if (aliases.length === 0) {
    const kinds = `at least one of "${CLASSES}" or "${SCORES}"`;
    throw invalid(
      `Expected classification signature outputs to contain ${kinds}. Signature was: ${describeSignature(signature)}`,
    );
  }
  return aliases;
}

/** Rows of `[batch, n]` tensors. Missing classes are told as "", missing scores as 0. */
export function classesOf(outputs: ReadonlyMap<string, Tensor>, batchSize: number): readonly Classes[] {
  const classes = outputs.get(CLASSES);
  const scores = outputs.get(SCORES);
  const labels = classes === undefined ? undefined : labelsOf(classes, batchSize);
  const numbers = scores === undefined ? undefined : matrixOf(scores, batchSize, SCORES, floatsOf);
  if (labels !== undefined && numbers !== undefined && labels.columns !== numbers.columns) {
    const sizes = `${labels.columns} vs. ${numbers.columns}`;
    throw invalid(`Tensors class and score should match in dim_size(1). Got ${sizes}`);
  }
  const columns = labels?.columns ?? numbers?.columns ?? 0;
  return Array.from({ length: batchSize }, (_, row) => {
    const [from, to] = [row * columns, (row + 1) * columns];
    return {
      labels: labels?.values.slice(from, to) ?? [],
      scores: numbers?.values.subarray(from, to) ?? new Float32Array(columns),
    };
  });
}

interface Matrix<T> {
  readonly columns: number;
  readonly values: T;
}

function labelsOf(tensor: Tensor, batchSize: number): Matrix<readonly Uint8Array[]> {
  return matrixOf(tensor, batchSize, CLASSES, (it) => {
    if (it.kind === "string") return it.values;
    throw invalid(`Expected ${CLASSES} Tensor of DT_STRING. Got: ${dtypeText(it)}`);
  });
}

function matrixOf<T>(
  tensor: Tensor,
  batchSize: number,
  what: string,
  read: (tensor: Tensor, what: string) => T,
): Matrix<T> {
  const [rows, columns] = tensor.shape;
  if (tensor.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw invalid(`Expected Tensor shape: [batch_size num_classes] but got ${shapeText(tensor)}`);
  }
  const values = read(tensor, what);
  if (rows !== batchSize) throw invalid(`Expected ${what} output batch size of ${batchSize}. Got: ${rows}`);
  return { columns, values };
}
