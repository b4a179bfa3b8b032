import protobuf from "protobufjs";
import { InferenceError, modelName, NO_DEADLINE } from "../../core/index.ts";
import { decodeExamplesRequest, decodeMultiInferenceRequest, decodePredictRequest } from "../../tensor/index.ts";
import type { LoadedModel } from "../engine/index.ts";
import type { CallScope } from "./call-scope.ts";
import { runClassify } from "./classify.ts";
import { runMultiInference } from "./multi-inference.ts";
import { runPredict } from "./predict.ts";
import { runRegress } from "./regress.ts";
import type { InferenceRules } from "./rules.ts";

/** The kinds of record, by their field of `tensorflow.serving.PredictionLog`; each holds its request in field 1. */
export const LOGS = {
  classify: 2,
  regress: 3,
  predict: 6,
  multiInference: 4,
  sessionRun: 5,
  predictStreamed: 7,
} as const;
const REQUEST = 1;
const NO_LIMIT: CallScope = { deadline: NO_DEADLINE };

/**
 * Runs the request of a serialized PredictionLog, as warm-up. Its model_spec's name and version are not looked at, the
 * signature is. A record of no kind is skipped; one that cannot be replayed is UNIMPLEMENTED.
 */
export async function replayRecord(model: LoadedModel, rules: InferenceRules, predictionLog: Buffer): Promise<void> {
  const { kind, request } = requestIn(predictionLog);
  switch (kind) {
    case undefined:
      return;
    case LOGS.predict:
      await runPredict(model, rules, decodePredictRequest(request), NO_LIMIT);
      return;
    case LOGS.classify:
      await runClassify(model, rules, decodeExamplesRequest(request), NO_LIMIT);
      return;
    case LOGS.regress:
      await runRegress(model, rules, decodeExamplesRequest(request), NO_LIMIT);
      return;
    case LOGS.multiInference:
      await runMultiInference(model, rules, decodeMultiInferenceRequest(request), NO_LIMIT, (signature) => ({
        name: modelName("warm-up"),
        version: undefined,
        signature,
      }));
      return;
    case LOGS.sessionRun:
    case LOGS.predictStreamed:
      throw new InferenceError("UNIMPLEMENTED", "Unsupported log_type for warmup");
  }
}

type Kind = (typeof LOGS)[keyof typeof LOGS];
const KINDS: ReadonlySet<number> = new Set(Object.values(LOGS));

/** Taken out as bytes: what the request holds then reaches its decoder as it was written. */
export function requestIn(predictionLog: Buffer): { readonly kind: Kind | undefined; readonly request: Uint8Array } {
  try {
    let kind: Kind | undefined;
    let log: Uint8Array = new Uint8Array(0);
    for (const [field, value] of messageFields(predictionLog)) {
      if (KINDS.has(field)) [kind, log] = [field as Kind, value];
    }
    let request: Uint8Array = new Uint8Array(0);
    for (const [field, value] of messageFields(log)) if (field === REQUEST) request = value;
    return { kind, request };
  } catch (thrown) {
    throw new InferenceError("INVALID_ARGUMENT", "Failed to parse warmup record", { cause: thrown });
  }
}

const LENGTH_DELIMITED = 2;

function* messageFields(bytes: Uint8Array): Generator<readonly [number, Uint8Array]> {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === LENGTH_DELIMITED) yield [tag >>> 3, reader.bytes()];
    else reader.skipType(tag & 7);
  }
}
