import type { ModelConfig } from "../../config/index.ts";
import type { ModelName, Version } from "../../core/index.ts";
import type { VersionReport } from "./model-report.ts";
import type { ModelView } from "./model-view.ts";

/** What readiness is judged by. */
export interface ReadinessFacts<E> {
  readonly models: readonly ModelConfig[];
  /** How many workers are connected. */
  readonly readyWorkers: number;
  readonly model: (name: ModelName) => ModelView<E> | undefined;
  /** Whether the endpoint's reports count: it is connected, and they reflect the set of models now wanted. */
  readonly counts: (endpoint: E) => boolean;
}

/**
 * What still keeps the gateway from being ready, one sentence each; empty once a worker serves and every wanted version is
 * AVAILABLE on some worker or has failed its first load on each that wants it, and every label names an available version
 * (or one that has failed: it is told by its status, and holds back nothing else). Only connected workers count, and
 * only what they report about the set of models now wanted: one worker that has looked at a model is enough.
 */
export function missing<E>(facts: ReadinessFacts<E>): string[] {
  if (facts.readyWorkers === 0) return ["no worker is connected"];
  return facts.models.flatMap((model) => missingOf(model, facts));
}

function missingOf<E>({ name, labels, versions }: ModelConfig, facts: ReadinessFacts<E>): string[] {
  const reports = (facts.model(name)?.reports ?? [])
    .filter(({ endpoint, report }) => report.discovered && facts.counts(endpoint))
    .map(({ report }) => report);
  if (reports.length === 0) return [`model ${name}: no worker has looked at its versions yet`];

  // A base path that cannot be read has failed as a load has: its own status tells, and it holds back nothing else.
  if (reports.every(({ problem }) => problem !== "")) return [];

  const rows = new Map<Version, VersionReport[]>();
  for (const row of reports.flatMap(({ versions }) => versions))
    rows.set(row.version, [...(rows.get(row.version) ?? []), row]);

  const sentences: string[] = [];
  for (const [version, reported] of rows) {
    const wanted = reported.filter((row) => row.wanted);
    if (wanted.length > 0 && !isSettled(wanted)) sentences.push(`model ${name}: version ${version} is not loaded yet`);
  }
  for (const version of versions.by === "specific" ? versions.versions : []) {
    if (!rows.has(version)) sentences.push(`model ${name}: version ${version} is not in its base path`);
  }
  for (const [label, version] of labels) {
    const reported = rows.get(version) ?? [];
    if (reported.length === 0 || !isSettled(reported)) {
      sentences.push(`model ${name}: label ${label} names version ${version}, which is not available`);
    }
  }
  return sentences;
}

function isSettled(rows: readonly VersionReport[]): boolean {
  return rows.some(({ state }) => state === "AVAILABLE") || rows.every(hasFailed);
}

function hasFailed({ failedLoads, state, code }: VersionReport): boolean {
  return failedLoads > 0 || (state === "END" && code !== "OK");
}
