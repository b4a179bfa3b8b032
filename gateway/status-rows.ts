import { didYouMean } from "../config/index.ts";
import { InferenceError, type ModelName, type Version, type VersionStatus } from "../core/index.ts";

/** All rows, or the one of a version. Throws NOT_FOUND when there is none, in the words of `get_model_status_impl.cc`; `known` for a hint. */
export function statusRows(
  rows: readonly VersionStatus[] | undefined,
  name: ModelName,
  version: Version | undefined,
  known: Iterable<ModelName>,
): readonly VersionStatus[] {
  const found = rows?.filter((row) => version === undefined || row.version === version) ?? [];
  if (found.length > 0) return found;
  const what = version === undefined ? "any versions" : `version ${version}`;
  const meant = rows === undefined ? didYouMean(name, known) : "";
  throw new InferenceError("NOT_FOUND", `Could not find ${what} of model ${name}${meant}`);
}
