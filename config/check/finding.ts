import type { Path } from "../config-error.ts";

/** Something about a configuration that loads, and is probably not what was meant. */
export interface CheckFinding {
  /** `error`: it cannot work as written; `warning`: it may be meant so. */
  readonly severity: "error" | "warning";
  /** Into the configuration, as it is written. */
  readonly path: Path;
  readonly message: string;
}
