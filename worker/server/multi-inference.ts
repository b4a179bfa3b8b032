import { type Bytes, InferenceError, joined, LATEST, modelName } from "../../core/index.ts";
import {
  type AnswerSpec,
  decodeMultiInferenceRequest,
  encodeMultiInferenceResponse,
  type InferenceResult,
  type InferenceTask,
  type MultiInferenceRequest,
  type Signature,
  type Tensor,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import { type CallScope, runWithin } from "./call-scope.ts";
import { classesOf, classificationAliases } from "./classify.ts";
import { exampleBatch, INPUTS_ALIAS, invalid } from "./examples.ts";
import { regressionAliases, valuesOf } from "./regress.ts";
import { type InferenceRules, METHOD_NAMES } from "./rules.ts";
import { acquireFor, answerSpec, checkedSpec, signatureKey } from "./target.ts";

const METHODS: ReadonlyMap<string, Part["kind"]> = new Map([
  [METHOD_NAMES.classify, "classification"],
  [METHOD_NAMES.regress, "regression"],
]);

/** `PredictionService.MultiInference` on message bytes. The rules and words are those of `servables/tensorflow/multi_inference.cc`. */
export async function multiInference(
  manager: Manager,
  rules: InferenceRules,
  bytes: Bytes,
  scope: CallScope,
): Promise<Uint8Array> {
  const request = decodeMultiInferenceRequest(joined(bytes));
  const [first] = request.tasks;
  // The first task alone says which version; a task without a spec counts as one with an empty spec.
  const spec = first?.spec ?? { name: modelName(""), choice: LATEST, signature: "" };
  using handle = acquireFor(manager, checkedSpec(spec));
  const specOf = (key: string): AnswerSpec => answerSpec(handle, key);
  return encodeMultiInferenceResponse(await runMultiInference(handle.model, rules, request, scope, specOf));
}

interface Part {
  readonly kind: "classification" | "regression";
  readonly signature: Signature;
  readonly aliases: readonly string[];
}

/** One run that feeds every distinct input tensor with the same examples and fetches what all tasks need. */
export async function runMultiInference(
  model: LoadedModel,
  rules: InferenceRules,
  request: MultiInferenceRequest,
  scope: CallScope,
  specOf: (signatureKey: string) => AnswerSpec,
): Promise<readonly InferenceResult[]> {
  const parts = partsOf(model, rules, request.tasks);
  const batch = exampleBatch(request.input);
  const feeds = new Set(parts.map(({ signature }) => signature.inputs.get(INPUTS_ALIAS)?.name ?? ""));
  const fetches = [...new Set(parts.flatMap((part) => part.aliases.map((alias) => fetchOf(part, alias))))];
  const run = runWithin(scope, {
    plan: parts.map(({ signature }) => signature.key).join(" + "),
    feeds: Array.from(feeds, (name) => [name, batch] as const),
    fetches,
  });
  const fetched = await model.run(run);
  return parts.map((part): InferenceResult => {
    const outputs = new Map(
      part.aliases.map((alias) => [alias, fetched[fetches.indexOf(fetchOf(part, alias))] as Tensor]),
    );
    const spec = specOf(part.signature.key);
    return part.kind === "classification"
      ? { kind: part.kind, spec, results: classesOf(outputs, batch.values.length) }
      : { kind: part.kind, spec, values: valuesOf(outputs, batch.values.length) };
  });
}

function fetchOf({ signature }: Part, alias: string): string {
  return signature.outputs.get(alias)?.name ?? "";
}

function partsOf(model: LoadedModel, rules: InferenceRules, tasks: readonly InferenceTask[]): readonly Part[] {
  const seen = new Set<string>();
  const name = tasks[0]?.spec?.name;
  return tasks.map(({ spec, methodName }) => {
    if (spec === undefined || spec.name === "") throw invalid("Found ModelSpec with an empty model name.");
    if (spec.name !== name) {
      throw invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.");
    }
    const key = signatureKey(spec);
    if (seen.has(key)) throw invalid(`Duplicate evaluation of signature: ${key}`);
    seen.add(key);
    const signature = model.signatures.get(key);
    if (signature === undefined) throw invalid(`Requested signature not found in model graph: ${key}`);
    const kind = METHODS.get(methodName);
    if (kind === undefined)
      throw new InferenceError("UNIMPLEMENTED", `Unsupported signature method_name: ${methodName}`);
    const aliases =
      kind === "classification" ? classificationAliases(signature, rules) : regressionAliases(signature, rules);
    return { kind, signature, aliases };
  });
}
