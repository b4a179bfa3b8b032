import type { ModelConfig, ReloadCause, RestartPart, WrittenModel } from "../../config/index.ts";
import type { ModelName } from "../../core/index.ts";
import type { RampCommand, RampFacts, RampStatus } from "../ramps/index.ts";
import type { ShadowSample } from "../shadowing/index.ts";

/**
 * What the processes of a gateway ask of the one that keeps its configuration. Arguments and answers travel between
 * processes; what a client did wrong is an InferenceError.
 */
export interface Control {
  /** For those who may not see everything. */
  facts(): Promise<ConfigFacts>;
  status(): Promise<ControlStatus>;
  /** Reads all files anew. Resolves once every process has taken over what they say, or they are refused. */
  reload(by: Exclude<ReloadCause, "file">): Promise<ReloadResult>;
  /**
   * A reload over gRPC: these models stand in place of the files' until a file changes or is read anew. Resolves once every
   * process has taken them over, and each of `awaited` answers or has failed.
   */
  replaceModels(models: readonly ModelConfig[], awaited: readonly ModelName[]): Promise<void>;
  /** What it counts, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** All models, with where they come from. */
  models(): Promise<readonly ModelEntry[]>;
  /** A model of the admin API, as JSON text in the shape of an entry of `models:`, in addition to all others. */
  addModel(text: string, waitMs: number): Promise<ModelEntry>;
  /** As `addModel`, or in place of the one of this name that was added before: then `replaced`. */
  putModel(name: string, text: string, waitMs: number): Promise<ModelEntry & { readonly replaced: boolean }>;
  removeModel(name: string): Promise<void>;
  /** NOT_FOUND for a route without a ramp, FAILED_PRECONDITION for what makes no sense in its phase. */
  ramp(route: string, command: RampCommand): Promise<RampStatus>;
}

export interface ConfigFacts {
  /** Of what holds now: equal on gateways with equal configurations. */
  readonly fingerprint: string;
  /** When that was taken over; ISO 8601. */
  readonly appliedAt: string;
  /** How many errors the last reload was refused for; 0: it was not. */
  readonly refused: number;
  readonly ramps: readonly RampFacts[];
}

export interface ControlStatus {
  /** What the configuration was read from. */
  readonly from: readonly string[];
  readonly fingerprint: string;
  readonly appliedAt: string;
  /** Undefined: none since the start. */
  readonly lastReload: ReloadResult | undefined;
  /** What differs from the start and acts only after another one. */
  readonly actsAfterRestart: readonly RestartPart[];
  readonly ramps: readonly RampStatus[];
  /** Answers to copies of calls that differed from their callers', newest first. */
  readonly shadows: readonly ShadowSample[];
}

export interface ReloadResult {
  readonly result: "applied" | "unchanged" | "refused";
  readonly by: ReloadCause;
  /** ISO 8601. */
  readonly at: string;
  /** Of what holds after it. */
  readonly fingerprint: string;
  /** `file:line:column path: message`; empty unless it was refused. */
  readonly errors: readonly string[];
}

export interface ModelEntry {
  readonly model: WrittenModel;
  /** The files and flags, a reload over gRPC, or the admin API. */
  readonly origin: "config" | "reload" | "admin";
  /** A model of the files has this name too, and is served in its place. */
  readonly shadowed: boolean;
  /** Why nothing of it is to be had, where no version of it tells: no model can be made of what was kept, say. */
  readonly problem?: string;
  /** What was added could not be written to the state folder: the next start knows of an older state. */
  readonly forgotten?: true;
}
