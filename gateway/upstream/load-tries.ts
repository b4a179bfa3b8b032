import type { LoadTry } from "../observe/index.ts";
import type { ModelReport } from "./model-report.ts";

/** What a worker has tried to load since its last report of a model. */
export function loadTries(before: ModelReport | undefined, after: ModelReport): LoadTry[] {
  const tries: LoadTry[] = [];
  for (const row of after.versions) {
    const known = before?.versions.find(({ version }) => version === row.version);
    const { directory, loadMicros, warmUpMicros, warmUpRecords } = row;
    const failures = row.failedLoads - (known?.failedLoads ?? 0);
    for (let i = 0; i < failures; i++) {
      tries.push({ directory, succeeded: false, loadMicros: 0, warmUpMicros: 0, warmUpRecords: 0 });
    }
    if (row.state === "AVAILABLE" && known?.state !== "AVAILABLE") {
      tries.push({ directory, succeeded: true, loadMicros, warmUpMicros, warmUpRecords });
    }
  }
  return tries;
}
