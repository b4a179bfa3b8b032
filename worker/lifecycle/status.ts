import {
  InferenceError,
  type ModelName,
  type ServableState,
  type Version,
  type VersionStatus,
} from "../../core/index.ts";
import type { Verdicts } from "../merging/index.ts";
import type { LoadTimes } from "./load-version.ts";
import type { Manager } from "./manager.ts";
import type { Servable } from "./servable.ts";
import type { ServedModel } from "./served-model.ts";

/** All that is told of one version. */
export interface VersionReport {
  readonly status: VersionStatus;
  /** The source asks for it. */
  readonly wanted: boolean;
  /** Tries to load that have failed in a row. */
  readonly failedLoads: number;
  /** Only while it is available. */
  readonly signatureDefMap: Uint8Array | undefined;
  readonly times: LoadTimes | undefined;
  /** Empty unless it is available and was asked for. */
  readonly merging: Verdicts;
  /** "" where it has none, and unless it is available. */
  readonly batchingFile: string;
  /** Where it is loaded from; "" once it has ended. */
  readonly directory: string;
}

const NONE: Verdicts = new Map();

/** Two servables of one number (the base path has changed, or a version came back while it was unloading) are told as one. */
const TOLD_FIRST: readonly ServableState[] = ["AVAILABLE", "LOADING", "START", "UNLOADING", "END", "UNKNOWN"];

/** What is left to tell of a model that is gone. */
export function endedReports(manager: Manager, name: ModelName): readonly VersionReport[] {
  return manager.endedOf(name).map(endedReport).sort(descending);
}

/** The versions of a model, descending, those that have ended lately among them. */
export function versionReports(model: ServedModel): readonly VersionReport[] {
  const rows = new Map<Version, VersionReport>();
  for (const status of model.versions.ended) {
    rows.set(status.version, endedReport(status));
  }
  for (const row of model.versions.servables.map(reportOf)) {
    const { version, state } = row.status;
    const twin = rows.get(version);
    if (twin === undefined) rows.set(version, row);
    else {
      const first = TOLD_FIRST.indexOf(state) < TOLD_FIRST.indexOf(twin.status.state) ? row : twin;
      rows.set(version, { ...first, wanted: row.wanted || twin.wanted });
    }
  }
  return [...rows.values()].sort(descending);
}

function descending(one: VersionReport, other: VersionReport): number {
  return one.status.version < other.status.version ? 1 : -1;
}

function reportOf(it: Servable): VersionReport {
  const { phase, wanted, failedLoads, directory } = it;
  const signatureDefMap = phase.is === "available" ? phase.model.signatureDefMap : undefined;
  const times = phase.is === "available" ? phase.times : undefined;
  const merging = (phase.is === "available" ? phase.proof?.verdicts : undefined) ?? NONE;
  const batchingFile = phase.is === "available" ? phase.batchingFile : "";
  return { status: it.status(), wanted, failedLoads, signatureDefMap, times, merging, batchingFile, directory };
}

function endedReport(status: VersionStatus): VersionReport {
  const nothing = { signatureDefMap: undefined, times: undefined, merging: NONE, batchingFile: "", directory: "" };
  return { status, wanted: false, failedLoads: 0, ...nothing };
}

/**
 * The answer to a status request: every version, or only `version`. NOT_FOUND in TensorFlow Serving's words; where the
 * model's path is the reason, that follows.
 */
export function versionStatuses(manager: Manager, name: ModelName, version?: Version): readonly VersionStatus[] {
  const model = manager.models.get(name);
  const all = (model === undefined ? endedReports(manager, name) : versionReports(model)).map(({ status }) => status);
  const asked = version === undefined ? all : all.filter((row) => row.version === version);
  if (asked.length > 0) return asked;
  const what = version === undefined ? `any versions of model ${name}` : `version ${version} of model ${name}`;
  const why = model === undefined || model.problem === "" ? "" : `: ${model.problem}`;
  throw new InferenceError("NOT_FOUND", `Could not find ${what}${why}`);
}
