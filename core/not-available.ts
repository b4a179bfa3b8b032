import type { ModelName, Version } from "./ids.ts";
import { InferenceError } from "./inference-error.ts";
import type { ErrorCode } from "./status-code.ts";

/** Why a model has no version that answers. */
export interface LoadFailure {
  readonly name: ModelName;
  /** Undefined when no version was found at all. */
  readonly version?: Version | undefined;
  readonly code: ErrorCode;
  readonly message: string;
}

/** How a reload ends whose new models don't come to answer: the words of `ServerCore::WaitUntilModelsAvailable`. */
export function notAvailable(failures: readonly LoadFailure[]): InferenceError {
  const reasons = failures.map(({ name, version, code, message }) => {
    const servable = version === undefined ? `{name: ${name}}` : `{name: ${name} version: ${version}}`;
    return `{${servable} due to error: ${code}: ${message}}, `;
  });
  const text = `${failures.length} model(s) did not become available: {${reasons.join("")}}`;
  return new InferenceError("UNKNOWN", text, { origin: "client" });
}
