import { type ServableState, version as toVersion, type Version, type VersionStatus } from "../../core/index.ts";
import type * as wire from "../../protos/index.ts";
import type { Merging } from "../call.ts";
import { NOT_EXAMINED } from "./merged-verdicts.ts";

/** What one worker says of one model, in the gateway's words. */
export interface ModelReport {
  readonly name: string;
  readonly versions: readonly VersionReport[];
  /** The worker has looked at the model's base path since it was told of it. */
  readonly discovered: boolean;
  /** What is wrong with the model as a whole; "" when nothing is. */
  readonly problem: string;
}

export interface VersionReport extends VersionStatus {
  readonly version: Version;
  readonly state: ServableState;
  /** Serialized `tensorflow.serving.SignatureDefMap`; empty unless AVAILABLE. */
  readonly signatureDefMap: Uint8Array;
  /** Tries to load that have failed in a row. */
  readonly failedLoads: number;
  /** The version policy asks for it. */
  readonly wanted: boolean;
  /** Where it is loaded from, on the worker; "" once it has ended. */
  readonly directory: string;
  /** Of the load that made it AVAILABLE. */
  readonly loadMicros: number;
  readonly warmUpMicros: number;
  readonly warmUpRecords: number;
  /** By signature; a signature that is missing has not been examined. */
  readonly merging: ReadonlyMap<string, Merging>;
  /** What the version's own folder says of how its calls are joined; "" where it says nothing. */
  readonly batchingFile: string;
}

export function modelReport(report: wire.ModelReport): ModelReport {
  return {
    name: report.name,
    versions: report.versions.map(versionReport),
    discovered: report.discovered,
    problem: report.problem,
  };
}

function versionReport(report: wire.VersionReport): VersionReport {
  return {
    version: toVersion(report.version),
    state: report.state,
    code: report.status?.error_code ?? "OK",
    message: report.status?.error_message ?? "",
    signatureDefMap: report.signature_def_map,
    failedLoads: Number(report.failed_loads),
    wanted: report.wanted,
    directory: report.directory,
    loadMicros: Number(report.load_micros),
    warmUpMicros: Number(report.warmup_micros),
    warmUpRecords: Number(report.warmup_records),
    merging: new Map(report.merging.map((row) => [row.signature, mergingOf(row)])),
    batchingFile: report.batching_file,
  };
}

function mergingOf({ verdict, reason }: wire.SignatureMerging): Merging {
  if (verdict === "PROVEN") return { is: "proven" };
  if (verdict === "UNPROVEN") return { is: "unproven", reason };
  return { is: "refused", reason: reason === "" ? NOT_EXAMINED : reason }; // whatever a newer worker may call it
}

/** It answers, or nothing that was tried has come to answer. */
export function isDecided({ discovered, versions }: ModelReport): boolean {
  return versions.some(({ state }) => state === "AVAILABLE") || (discovered && !versions.some(isFirstLoad));
}

/** On its way for the first time: neither available nor ended, and no load has failed yet. */
export function isFirstLoad({ state, failedLoads }: VersionReport): boolean {
  return (state === "START" || state === "LOADING") && failedLoads === 0;
}
