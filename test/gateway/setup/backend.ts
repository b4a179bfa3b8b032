import { InferenceError, joined, type ModelSpec, modelName, type VersionStatus, version } from "../../../core/index.ts";
import type { Backend } from "../../../gateway/backend.ts";
import type { Answer, InferenceCall, Servable } from "../../../gateway/call.ts";
import { codec, type Opaque, type ReloadConfigRequest } from "../../../protos/index.ts";
import {
  type AnswerSpec,
  decodeExamplesRequest,
  decodePredictRequest,
  dtypeNamed,
  encodeClassificationResponse,
  encodePredictResponse,
  encodeRegressionResponse,
  packedTensor,
  parseSignatureDefMap,
  type Tensor,
} from "../../../tensor/index.ts";

const info = (name: string, dtype: string) => ({ name, dtype, tensor_shape: { dim: [{ size: "-1" }] } });

/** As a model has it: `x` to `y`, and a signature without inputs. */
export const SIGNATURE_DEF_MAP: Buffer = codec<Opaque>("tensorflow.serving.SignatureDefMap").encode({
  signature_def: {
    serving_default: {
      inputs: { x: info("x:0", "DT_FLOAT") },
      outputs: { y: info("y:0", "DT_FLOAT") },
      method_name: "tensorflow/serving/predict",
    },
    constant: { outputs: { y: info("y:0", "DT_FLOAT") }, method_name: "tensorflow/serving/predict" },
  },
});

function servable(name: string, number: number): Servable {
  const signatures = parseSignatureDefMap(SIGNATURE_DEF_MAP);
  return {
    name: modelName(name),
    version: version(number),
    signatures,
    signatureDefMap: SIGNATURE_DEF_MAP,
    merging: new Map(),
  };
}

/** What a test may put in the place of a model's work. */
export type Serve = (call: InferenceCall, target: Servable) => Promise<Answer>;

/**
 * A gateway's inside without workers: each model in versions 1 and 2, label `stable` on 1. Predict answers x/2 + 2, classify
 * ("even", 1) and regress 1 for each example. `serve` and the other members can be replaced by a test.
 */
export interface TestBackend extends Backend {
  authenticate: Backend["authenticate"];
  serveWith: Serve;
  resolve: (...asked: Parameters<Backend["resolve"]>) => Servable;
  reload: (request: ReloadConfigRequest) => Promise<void>;
  missingNow: string[];
  mergingNow: ReturnType<Backend["merging"]>;
  reloads: ReloadConfigRequest[];
  /** Calls that were served, in order. */
  readonly calls: InferenceCall[];
}

export function createTestBackend(names: readonly string[] = ["half"]): TestBackend {
  const models = new Map(names.map((name) => [name, [servable(name, 2), servable(name, 1)]]));
  const resolve = ({ name, choice }: ModelSpec): Servable => {
    if (choice.by === "label" && choice.label !== "stable") {
      throw new InferenceError("INVALID_ARGUMENT", `Unrecognized servable version label: ${choice.label}`);
    }
    const wanted = choice.by === "version" ? choice.version : choice.by === "label" ? 1n : 2n;
    const found = models.get(name)?.find(({ version }) => version === wanted);
    if (found !== undefined) return found;
    const described = choice.by === "version" ? `Specific(${name}, ${choice.version})` : `Latest(${name})`;
    throw new InferenceError("NOT_FOUND", `Servable not found for request: ${described}`);
  };
  const backend: TestBackend = {
    calls: [],
    reloads: [],
    missingNow: [],
    mergingNow: new Map(),
    serveWith: async (call, target) => ({ target, arm: "", content: { is: "message", message: run(call, target) } }),
    async serve(call) {
      backend.calls.push(call);
      const target = resolve(call.spec);
      await call.body.prepare?.(target, call);
      return await backend.serveWith(call, target);
    },
    resolve,
    status(name, version) {
      const rows = (models.get(name) ?? []).filter((each) => version === undefined || each.version === version);
      if (rows.length > 0)
        return rows.map(
          (each): VersionStatus => ({ version: each.version, state: "AVAILABLE", code: "OK", message: "" }),
        );
      const what = version === undefined ? "any versions" : `version ${version}`;
      throw new InferenceError("NOT_FOUND", `Could not find ${what} of model ${name}`);
    },
    authenticate: () => undefined,
    problem: () => undefined,
    modelNames: () => Array.from(models.keys(), modelName),
    merging: () => backend.mergingNow,
    missing: () => backend.missingNow,
    async reload(request) {
      backend.reloads.push(request);
    },
    metricValue: (name) => (name === "/tensorflow/serving/request_count" ? backend.reloads.length * 2 : 0),
  };
  return backend;
}

function run(call: InferenceCall, target: Servable): Uint8Array {
  const message = joined(call.body.messageFor(target));
  const spec: AnswerSpec = {
    name: target.name,
    version: target.version,
    signature: call.spec.signature || "serving_default",
  };
  switch (call.method) {
    case "Predict":
      return encodePredictResponse(
        spec,
        new Map([["y", halfPlusTwo(decodePredictRequest(message).inputs.get("x")?.() as Tensor)]]),
        "typed",
      );
    case "Classify": {
      const { input } = decodeExamplesRequest(message);
      const one = { labels: [Buffer.from("even")], scores: Float32Array.of(1) };
      return encodeClassificationResponse(
        spec,
        (input?.examples ?? []).map(() => one),
      );
    }
    case "Regress": {
      const { input } = decodeExamplesRequest(message);
      return encodeRegressionResponse(spec, new Float32Array(input?.examples.length ?? 0).fill(1));
    }
    case "MultiInference":
      return new Uint8Array(0);
  }
}

function halfPlusTwo(x: Tensor): Tensor {
  if (x.kind !== "packed") throw new InferenceError("INVALID_ARGUMENT", "x is no number");
  const bytes = Uint8Array.from(x.data);
  const values = new Float32Array(bytes.buffer).map((value) => value / 2 + 2);
  return packedTensor(dtypeNamed("float"), x.shape, new Uint8Array(values.buffer));
}
