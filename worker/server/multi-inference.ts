import { InferenceError } from "../../core/index.ts";
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
import type { CallScope } from "./call-scope.ts";
import { classesOf, classificationAliases } from "./classify.ts";
import { exampleBatch, INPUTS_ALIAS, invalid } from "./examples.ts";
import { regressionAliases, valuesOf } from "./regress.ts";
import { acquireFor, answerSpec, checkedSpec, signatureKey } from "./target.ts";

const METHODS = {
  "tensorflow/serving/classify": "classification",
  "tensorflow/serving/regress": "regression",
} as const;

/** `PredictionService.MultiInference` on message bytes. The rules and words are those of `servables/tensorflow/multi_inference.cc`. */
export async function multiInference(manager: Manager, bytes: Uint8Array, scope: CallScope): Promise<Uint8Array> {
  const request = decodeMultiInferenceRequest(bytes);
  const [first] = request.tasks;
  if (first?.spec === undefined) throw invalid("Missing ModelSpec");
  if (first.spec.name === "") throw invalid("Found ModelSpec with an empty model name.");
  // The first task alone says which version.
  using handle = acquireFor(manager, checkedSpec(first.spec));
  const specOf = (key: string): AnswerSpec => answerSpec(handle, key);
  return encodeMultiInferenceResponse(await runMultiInference(handle.model, request, scope, specOf));
}

interface Part {
  readonly kind: "classification" | "regression";
  readonly signature: Signature;
  readonly aliases: readonly string[];
}

/** One run that feeds every distinct input tensor with the same examples and fetches what all tasks need. */
export async function runMultiInference(
  model: LoadedModel,
  request: MultiInferenceRequest,
  scope: CallScope,
  specOf: (signatureKey: string) => AnswerSpec,
): Promise<readonly InferenceResult[]> {
  const parts = partsOf(model, request.tasks);
  const batch = exampleBatch(request.input);
  const feeds = new Set(parts.map(({ signature }) => signature.inputs.get(INPUTS_ALIAS)?.name ?? ""));
  const fetches = [...new Set(parts.flatMap((part) => part.aliases.map((alias) => fetchOf(part, alias))))];
  const fetched = await model.run({
    plan: parts.map(({ signature }) => signature.key).join(" + "),
    feeds: Array.from(feeds, (name) => [name, batch] as const),
    fetches,
    ...scope,
  });
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

function partsOf(model: LoadedModel, tasks: readonly InferenceTask[]): readonly Part[] {
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
    const kind = Object.hasOwn(METHODS, methodName) ? METHODS[methodName as keyof typeof METHODS] : undefined;
    if (kind === undefined)
      throw new InferenceError("UNIMPLEMENTED", `Unsupported signature method_name: ${methodName}`);
    const aliases = kind === "classification" ? classificationAliases(signature) : regressionAliases(signature);
    return { kind, signature, aliases };
  });
}
