import {
  InferenceError,
  type ModelName,
  type ServableState,
  type Version,
  type VersionStatus,
} from "../../core/index.ts";
import type { Manager } from "./manager.ts";

/** Two servables of one number (the base path has changed, or a version came back while it was unloading) are told as one. */
const TOLD_FIRST: readonly ServableState[] = ["AVAILABLE", "LOADING", "START", "UNLOADING", "END", "UNKNOWN"];

/**
 * The versions of a model, descending, those that have ended lately among them. `version` narrows it to one. NOT_FOUND in
 * TensorFlow Serving's words; where the model's path is the reason, that follows.
 */
export function versionStatuses(manager: Manager, name: ModelName, version?: Version): readonly VersionStatus[] {
  const model = manager.models.get(name);
  const rows = new Map<Version, VersionStatus>();
  for (const row of [...(model?.versions.ended ?? []), ...(model?.versions.servables ?? []).map((it) => it.status())]) {
    const known = rows.get(row.version);
    if (known === undefined || TOLD_FIRST.indexOf(row.state) < TOLD_FIRST.indexOf(known.state))
      rows.set(row.version, row);
  }
  const all = [...rows.values()].sort((a, b) => (a.version < b.version ? 1 : -1));
  const asked = version === undefined ? all : all.filter((row) => row.version === version);
  if (asked.length > 0) return asked;
  const what = version === undefined ? `any versions of model ${name}` : `version ${version} of model ${name}`;
  const why = model === undefined || model.problem === "" ? "" : `: ${model.problem}`;
  throw new InferenceError("NOT_FOUND", `Could not find ${what}${why}`);
}
