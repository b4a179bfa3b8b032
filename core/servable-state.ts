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
