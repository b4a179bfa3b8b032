import { type Bytes, InferenceError } from "../../core/index.ts";
import {
  type AnswerSpec,
  decodePredictRequest,
  encodePredictResponse,
  type LaidOut,
  layOutPredictResponse,
  type SentPredictRequest,
  type Signature,
  type Tensor,
  type TensorHead,
} from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { Manager } from "../lifecycle/index.ts";
import { type CallScope, runWithin } from "./call-scope.ts";
import { checkPredictMethod, type InferenceRules } from "./rules.ts";
import { acquireFor, answerSpec, checkedSpec, signatureKey } from "./target.ts";

/** `PredictionService.Predict` on message bytes. The rules and words are those of `servables/tensorflow/predict_util.cc`. */
export function predict(
  manager: Manager,
  rules: InferenceRules,
  bytes: Bytes,
  scope: CallScope,
): Uint8Array | Promise<Uint8Array> {
  const request = decodePredictRequest(bytes);
  const handle = acquireFor(manager, checkedSpec(request.spec));
  let answer: Uint8Array | Promise<Uint8Array> | undefined;
  try {
    const form = rules.outputForm;
    const specOf = ({ key }: Signature): AnswerSpec => answerSpec(handle, key);
    let laidOut: LaidOut | undefined;
    const layOut: LayOut = (signature, outputs) => {
      laidOut = layOutPredictResponse(specOf(signature), outputs, form);
      return laidOut?.places;
    };
    const encode = ({ signature, outputs }: Predicted): Uint8Array =>
      laidOut?.message ?? encodePredictResponse(specOf(signature), outputs, form);
    answer = then(runPredict(handle.model, rules, request, scope, layOut), encode);
    return answer instanceof Promise ? answer.finally(() => handle[Symbol.dispose]()) : answer;
  } finally {
    if (!(answer instanceof Promise)) handle[Symbol.dispose]();
  }
}

export interface Predicted {
  readonly signature: Signature;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Makes room for the outputs, by alias and in this order; undefined: they get memory of their own. */
export type LayOut = (
  signature: Signature,
  outputs: ReadonlyMap<string, TensorHead>,
) => readonly Uint8Array[] | undefined;

/** Runs the signature that the request names on its inputs; answers at once where the model does. */
export function runPredict(
  model: LoadedModel,
  rules: InferenceRules,
  request: SentPredictRequest,
  scope: CallScope,
  layOut?: LayOut,
): Predicted | Promise<Predicted> {
  const key = signatureKey(request.spec);
  const signature = model.signatures.get(key);
  if (signature === undefined) {
    throw new InferenceError("FAILED_PRECONDITION", `Serving signature key "${key}" not found.`);
  }
  checkPredictMethod(signature, rules);
  const feeds = feedsOf(signature, request.inputs);
  const aliases = outputAliases(signature, request.outputFilter);
  const fetches = aliases.map((alias) => signature.outputs.get(alias)?.name ?? "");
  const plan = request.outputFilter.length === 0 ? key : `${key} -> ${aliases.join()}`;
  const placesFor = layOut && ((heads: readonly TensorHead[]) => layOut(signature, byAlias(aliases, heads)));
  return then(model.run(runWithin(scope, { plan, feeds, fetches, placesFor })), (fetched) => ({
    signature,
    outputs: byAlias(aliases, fetched),
  }));
}

function byAlias<T>(aliases: readonly string[], values: readonly T[]): ReadonlyMap<string, T> {
  return new Map(aliases.map((alias, i) => [alias, values[i] as T]));
}

/** What comes of a value, at once if that is there. */
function then<T, U>(value: T | Promise<T>, use: (value: T) => U): U | Promise<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** Graph names and values to feed; inputs that are left out take their defaults, where the signature has any. */
function feedsOf(signature: Signature, given: SentPredictRequest["inputs"]): (readonly [string, Tensor])[] {
  const { inputs, defaults } = signature;
  if (given.size > inputs.size || (given.size < inputs.size && defaults.size === 0)) {
    throw new InferenceError("INVALID_ARGUMENT", sizeMismatch(given, inputs));
  }
  const used: string[] = [];
  const feeds: (readonly [string, Tensor])[] = [];
  for (const [alias, info] of inputs) {
    const sent = given.get(alias);
    const value = sent === undefined ? defaults.get(alias) : sent();
    if (value === undefined) {
      const message = `Signature input alias: ${alias}(feed name: ${info.name}) not found in request and no default value provided. Inputs expected to be in the request {${sorted(given)}}, or default input alias set: ${sorted(defaults)}`;
      throw new InferenceError("INVALID_ARGUMENT", message);
    }
    if (sent !== undefined) used.push(alias);
    feeds.push([info.name, value]);
  }
  if (used.length < given.size) {
    const message = `Inputs contains invalid name. Used request inputs: ${used.sort().join(",")}, request input: ${sorted(given)}`;
    throw new InferenceError("INVALID_ARGUMENT", message);
  }
  return feeds;
}

function outputAliases({ outputs }: Signature, filter: readonly string[]): readonly string[] {
  if (filter.length === 0) return [...outputs.keys()];
  const seen = new Set<string>();
  for (const alias of filter) {
    if (!outputs.has(alias)) {
      const message = `output tensor alias not found in signature: ${alias} Outputs expected to be in the set {${sorted(outputs)}}.`;
      throw new InferenceError("INVALID_ARGUMENT", message);
    }
    if (seen.has(alias)) throw new InferenceError("INVALID_ARGUMENT", `duplicate output tensor alias: ${alias}`);
    seen.add(alias);
  }
  return filter;
}

type Named = ReadonlyMap<string, unknown>;

function sizeMismatch(given: Named, wanted: Named): string {
  const extra = sorted(given, (alias) => !wanted.has(alias));
  const missing = sorted(wanted, (alias) => !given.has(alias));
  return `input size does not match signature: ${given.size}!=${wanted.size} len({${sorted(given)}}) != len({${sorted(wanted)}}). Sent extra: {${extra}}. Missing but required: {${missing}}.`;
}

function sorted(names: Named, filter: (name: string) => boolean = () => true): string {
  return [...names.keys()].filter(filter).sort().join(",");
}
