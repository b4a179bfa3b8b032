import type { Version } from "./ids.ts";
import type { StatusCode } from "./status-code.ts";

/** The outward states of a version, with their numbers in `ModelVersionStatus.State`. */
export const SERVABLE_STATES = { UNKNOWN: 0, START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 } as const;
export type ServableState = keyof typeof SERVABLE_STATES;

/** One row of a status answer. `code` is OK unless a load has failed. */
export interface VersionStatus {
  readonly version: Version;
  readonly state: ServableState;
  readonly code: StatusCode;
  readonly message: string;
}

/** As `ModelVersionStatus` has it. */
export interface StatusRow {
  readonly version: string;
  readonly state: ServableState;
  readonly status: { readonly error_code: StatusCode; readonly error_message: string };
}

export function statusRow({ version, state, code, message }: VersionStatus): StatusRow {
  return { version: String(version), state, status: { error_code: code, error_message: message } };
}
