import type { CallSignal, ModelName, ModelSpec, Version, VersionStatus } from "../core/index.ts";
import type { ReloadConfigRequest } from "../protos/index.ts";
import type { Authenticate } from "./admission/index.ts";
import type { Answer, InferenceCall, Servable } from "./call.ts";
import type { ModelMerging } from "./model-merging.ts";

/** What the edges ask of the gateway behind them. Every error thrown is an InferenceError fit for the client. */
export interface Backend {
  serve(call: InferenceCall): Promise<Answer>;
  /** The name of the client that sends a request; see `admission/clients.ts`. Throws UNAUTHENTICATED. */
  readonly authenticate: Authenticate;
  /** The version that a call would go to, by the rules of a call; for metadata, which runs nothing. */
  resolve(spec: ModelSpec, header: (name: string) => string | undefined): Servable;
  /** Descending; only the one version if it is named. Throws NOT_FOUND when there is no such model or version. */
  status(name: ModelName, version?: Version): readonly VersionStatus[];
  modelNames(): readonly ModelName[];
  /** Why nothing of the model is to be had, where no version of it tells. */
  problem(name: ModelName): string | undefined;
  /** Whether the model's calls are merged, and why not; without the versions for which merging is off. */
  merging(name: ModelName): ModelMerging;
  /** What still keeps the gateway from being ready, one sentence each; empty once it is. */
  missing(): readonly string[];
  /** Resolves when the new set of models serves; the signal ends only the wait. */
  reload(request: ReloadConfigRequest, signal: CallSignal): Promise<void>;
  /** Of an integer metric of TensorFlow Serving, by its name; 0 for one that there is not. */
  metricValue(name: string): number;
}
