export { readBatchingFile } from "./batching-file.ts";
export type { WarmUp } from "./load-version.ts";
export { Manager, type ManagerOptions } from "./manager.ts";
export type { Prove } from "./merge-proof.ts";
export { type FoundVersion, type Scan, scanBasePath } from "./scan.ts";
export type { Handle } from "./servable.ts";
export { endedReports, type VersionReport, versionReports, versionStatuses } from "./status.ts";
export type { WantedModel } from "./wanted-model.ts";
export { warmUpFromFile, warmUpRecords } from "./warm-up.ts";
