import { InferenceError, type ModelName, type VersionStatus } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { Merging } from "../call.ts";
import type { ConfigFacts } from "../control/index.ts";
import { jsonText } from "./answer.ts";

/**
 * Everything at once, for operators: `{"ready", "missing", "config", "ramps", "models": [{"name", "problem", "versions"}]}`. A version is told as a status
 * answer tells it, and an available one with its signatures: whether their calls are merged, and why not.
 */
export function overviewJson(backend: Backend, draining: boolean, config?: ConfigFacts): Uint8Array {
  const missing = draining ? ["the server is shutting down"] : backend.missing();
  const models = backend
    .modelNames()
    .map((name) => ({ name, problem: backend.problem(name), versions: versionsOf(backend, name) }));
  const { ramps, ...facts } = config ?? {};
  return jsonText({ ready: missing.length === 0, missing, config: config && facts, ramps, models });
}

function versionsOf(backend: Backend, name: ModelName): readonly object[] {
  const merging = backend.merging(name);
  return statusOf(backend, name).map(({ version, state, code, message }) => {
    const row = { version: String(version), state, status: { error_code: code, error_message: message } };
    if (state !== "AVAILABLE") return row;
    return { ...row, merging: merging.has(version) ? bySignature(merging.get(version)) : "off" };
  });
}

/** None of a model that no worker knows yet. */
function statusOf(backend: Backend, name: ModelName): readonly VersionStatus[] {
  try {
    return backend.status(name);
  } catch (thrown) {
    if (InferenceError.from(thrown, "gateway").code === "NOT_FOUND") return [];
    throw thrown;
  }
}

function bySignature(merging: ReadonlyMap<string, Merging> | undefined): Readonly<Record<string, Merging>> {
  return Object.fromEntries([...(merging ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
