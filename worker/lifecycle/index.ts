export type { WarmUp } from "./load-version.ts";
export { type ChangeListener, Manager, type ManagerOptions } from "./manager.ts";
export type { Prove } from "./merge-proof.ts";
export { type FoundVersion, type Scan, scanBasePath } from "./scan.ts";
export type { Handle } from "./servable.ts";
export type { ServedModel } from "./served-model.ts";
export { endedReports, type VersionReport, versionReports, versionStatuses } from "./status.ts";
export type { WantedModel } from "./wanted-model.ts";
export { type ReplayRecord, warmUpFromFile, warmUpRecords } from "./warm-up.ts";
