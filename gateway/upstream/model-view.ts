import { isDeepStrictEqual } from "node:util";
import { type ModelName, modelName, type ServableState, type Version, type VersionStatus } from "../../core/index.ts";
import { parseSignatureDefMap, type Signatures } from "../../tensor/index.ts";
import type { Servable } from "../call.ts";
import { mergedVerdicts } from "./merged-verdicts.ts";
import { isFirstLoad, type ModelReport, type VersionReport } from "./model-report.ts";

/** A model as all workers together serve it: made anew when a report about it comes in, never changed. */
export interface ModelView<E> {
  readonly name: ModelName;
  /** Descending by version. */
  readonly available: readonly Servable[];
  readonly served: ReadonlyMap<Version, ServedVersion<E>>;
  /** Each version once, descending, in the furthest state of any worker. */
  readonly status: readonly VersionStatus[];
  /** Some worker may soon have a first version: it has not looked yet, or loads one that has not failed so far. */
  readonly starting: boolean;
  readonly reports: readonly EndpointReport<E>[];
}

export interface ServedVersion<E> {
  readonly servable: Servable;
  readonly endpoints: readonly E[];
}

export interface EndpointReport<E> {
  readonly endpoint: E;
  readonly report: ModelReport;
}

/** The further a state is, the earlier it stands: what a client can use beats what it will, and that what it could. */
const FURTHEST_FIRST: readonly ServableState[] = ["AVAILABLE", "LOADING", "START", "UNLOADING", "END", "UNKNOWN"];

/**
 * Merges the reports about one model. A version that `before` has available too keeps its Servable, unless the workers now
 * find otherwise of its merging, or a server has other signatures under the same number.
 */
export function mergeReports<E>(
  name: string,
  reports: readonly EndpointReport<E>[],
  before: ModelView<E> | undefined,
  pool?: string,
): ModelView<E> {
  const rows = new Map<Version, VersionReport>();
  const served = new Map<Version, { row: VersionReport; merging: Servable["merging"]; endpoints: E[] }>();
  for (const { endpoint, report } of reports) {
    for (const row of report.versions) {
      const known = rows.get(row.version);
      if (known === undefined || isFurther(row, known)) rows.set(row.version, row);
      if (row.state !== "AVAILABLE") continue;
      const entry = served.get(row.version);
      if (entry === undefined) served.set(row.version, { row, merging: row.merging, endpoints: [endpoint] });
      else {
        entry.endpoints.push(endpoint);
        entry.merging = mergedVerdicts(entry.merging, row.merging);
      }
    }
  }
  const versions = new Map<Version, ServedVersion<E>>();
  for (const [version, { row, merging, endpoints }] of served) {
    const known = before?.served.get(version)?.servable;
    const isSame =
      known !== undefined &&
      known.batchingFile === row.batchingFile &&
      isDeepStrictEqual(known.merging, merging) &&
      Buffer.compare(known.signatureDefMap, row.signatureDefMap) === 0;
    versions.set(version, { servable: isSame ? known : new LoadedVersion(name, pool, row, merging), endpoints });
  }
  return {
    name: modelName(name),
    available: Array.from(versions.values(), ({ servable }) => servable).sort(descending),
    served: versions,
    status: [...rows.values()].sort(descending).map(asStatus),
    starting: reports.some(({ report }) => !report.discovered || report.versions.some(isFirstLoad)),
    reports,
  };
}

function isFurther(one: VersionReport, other: VersionReport): boolean {
  const ahead = FURTHEST_FIRST.indexOf(other.state) - FURTHEST_FIRST.indexOf(one.state);
  // Of two that are as far, the one with an error has more to tell.
  return ahead > 0 || (ahead === 0 && other.code === "OK" && one.code !== "OK");
}

function asStatus({ version, state, code, message }: VersionReport): VersionStatus {
  return { version, state, code, message };
}

function descending(one: { readonly version: Version }, other: { readonly version: Version }): number {
  return one.version < other.version ? 1 : one.version > other.version ? -1 : 0;
}

/** A servable whose signatures are read when they are first asked for: a gRPC message may never need them. */
class LoadedVersion implements Servable {
  readonly name: ModelName;
  readonly version: Version;
  readonly pool: string | undefined;
  readonly signatureDefMap: Uint8Array;
  readonly merging: Servable["merging"];
  readonly batchingFile: string;
  #signatures: Signatures | undefined;

  constructor(
    name: string,
    pool: string | undefined,
    { version, signatureDefMap, batchingFile }: VersionReport,
    merging: Servable["merging"],
  ) {
    this.name = modelName(name);
    this.version = version;
    this.pool = pool;
    this.signatureDefMap = signatureDefMap;
    this.merging = merging;
    this.batchingFile = batchingFile;
  }

  get signatures(): Signatures {
    this.#signatures ??= parseSignatureDefMap(this.signatureDefMap);
    return this.#signatures;
  }
}
