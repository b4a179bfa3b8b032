import type { LoadFailure, ModelName, Version, VersionStatus } from "../../core/index.ts";
import type { WatchResponse } from "../../protos/index.ts";
import type { Servable } from "../call.ts";
import type { LoadTry } from "../observe/index.ts";
import { loadTries } from "./load-tries.ts";
import { isDecided, type ModelReport, modelReport } from "./model-report.ts";
import { type EndpointReport, type ModelView, mergeReports, type ServedVersion } from "./model-view.ts";

/** How many models that were removed a status answer still knows. */
const KEPT_ENDED = 1000;

/**
 * Which endpoint has which version. Each endpoint's reports are kept as they came; for each model they are merged into a
 * frozen view, and a report renews only the views of the models that it is about. All questions are answered
 * from the views, so none costs more with more models.
 */
export class Registry<E> {
  readonly #endpoints = new Map<E, Known>();
  readonly #views = new Map<string, ModelView<E>>();
  /** Models that have answered before: a gap in them is a worker's end, not a start. */
  readonly #seen = new Set<string>();
  /** Of models that are no longer served. */
  readonly #ended = new Map<string, readonly VersionStatus[]>();
  readonly #changed: () => void;
  readonly #tried: (load: LoadTry) => void;
  readonly #pool: string | undefined;

  /**
   * `changed` is called after every change, when all questions are answered from the new state; `tried` for each load.
   * `pool` is what its servables tell of themselves.
   */
  constructor(changed: () => void = () => {}, tried: (load: LoadTry) => void = () => {}, pool?: string) {
    this.#changed = changed;
    this.#tried = tried;
    this.#pool = pool;
  }

  /** Takes in one answer of an endpoint's Watch stream. */
  report(endpoint: E, response: WatchResponse): void {
    const known = this.#endpoints.get(endpoint) ?? { generation: 0n, memoryBytes: 0, models: new Map() };
    const touched = new Set<string>();
    const before = response.complete ? new Map(known.models) : known.models;
    if (response.complete) {
      for (const name of known.models.keys()) touched.add(name);
      known.models.clear();
    }
    for (const model of response.models) {
      touched.add(model.name);
      if (model.removed) {
        known.models.delete(model.name);
        this.#seen.delete(model.name);
        this.#keepEnded(modelReport(model));
      } else {
        const report = modelReport(model);
        for (const load of loadTries(before.get(model.name), report)) this.#tried(load);
        known.models.set(model.name, report);
      }
    }
    known.generation = BigInt(response.generation);
    known.memoryBytes = Number(response.memory_bytes);
    this.#endpoints.set(endpoint, known);
    this.#renew(touched);
  }

  /** The endpoint is gone, and its versions with it. */
  remove(endpoint: E): void {
    const known = this.#endpoints.get(endpoint);
    if (known === undefined) return;
    this.#endpoints.delete(endpoint);
    this.#renew(known.models.keys());
  }

  /**
   * The endpoint has answered that it no longer has the version, before its report says so. Where that was its last, only the
   * report tells what it has instead: until then the model is not known to have failed.
   */
  unloaded(endpoint: E, name: ModelName, version: Version): void {
    const known = this.#endpoints.get(endpoint);
    const report = known?.models.get(name);
    const gone = report?.versions.find((row) => row.version === version && row.state === "AVAILABLE");
    if (known === undefined || report === undefined || gone === undefined) return;
    const versions = report.versions.map((row) => (row === gone ? { ...row, state: "UNLOADING" as const } : row));
    const discovered = report.discovered && versions.some(({ state }) => state === "AVAILABLE");
    known.models.set(name, { ...report, versions, discovered });
    this.#renew([name]);
  }

  model(name: ModelName): ModelView<E> | undefined {
    return this.#views.get(name);
  }

  /** A version that at least one endpoint has AVAILABLE. The same object as long as that and its merging stay so. */
  servable(name: ModelName, version: Version): Servable | undefined {
    return this.#views.get(name)?.served.get(version)?.servable;
  }

  /** The highest version that is available. */
  latest(name: ModelName): Servable | undefined {
    return this.#views.get(name)?.available[0];
  }

  /** Descending by version. */
  available(name: ModelName): readonly Servable[] {
    return this.#views.get(name)?.available ?? [];
  }

  endpointsOf(name: ModelName, version: Version): readonly E[] {
    return this.#views.get(name)?.served.get(version)?.endpoints ?? [];
  }

  /** Whether it serves one of the models that none of `others` has, in any version or in that very one. */
  isNeeded(
    endpoint: E,
    models: readonly { readonly name: ModelName }[],
    others: (endpoint: E) => boolean,
    inThatVersion: boolean,
  ): boolean {
    for (const { name } of models) {
      const all = [...(this.#views.get(name)?.served.values() ?? [])];
      const own = all.filter(({ endpoints }) => endpoints.includes(endpoint));
      const isCovered = ({ endpoints }: ServedVersion<E>): boolean => endpoints.some(others);
      if (inThatVersion ? !own.every(isCovered) : own.length > 0 && !all.some(isCovered)) return true;
    }
    return false;
  }

  /** Each version once, descending, those of a model that was removed too; undefined when no worker has known the model. */
  status(name: ModelName): readonly VersionStatus[] | undefined {
    return this.#views.get(name)?.status ?? this.#ended.get(name);
  }

  /** Names of the models that some worker knows. */
  modelNames(): readonly ModelName[] {
    return [...this.#views.values()].map(({ name }) => name);
  }

  /**
   * What to expect of a configured model without an available version: `starting` for the first time, `lost` when it
   * has answered before and its workers are away, `failed` when nothing is on its way.
   */
  outlook(name: ModelName): "starting" | "lost" | "failed" {
    const view = this.#views.get(name);
    if (view !== undefined && !view.starting) return "failed";
    return this.#seen.has(name) ? "lost" : "starting";
  }

  /** Why a model without an available version has none. */
  failure(name: ModelName): Omit<LoadFailure, "name"> {
    const view = this.#views.get(name);
    const failed = view?.status.find(({ code }) => code !== "OK");
    if (failed !== undefined && failed.code !== "OK") return { ...failed, code: failed.code };
    const problem = view?.reports.find(({ report }) => report.problem !== "")?.report.problem;
    return { code: "NOT_FOUND", message: problem ?? "its base path holds no version" };
  }

  /** Whether the endpoint, told of the model, has come to answer it or to give up for now. */
  decided(endpoint: E, name: ModelName): boolean {
    const report = this.#endpoints.get(endpoint)?.models.get(name);
    return report !== undefined && isDecided(report);
  }

  /** Of the set of wanted models that the endpoint's last report reflects; 0 when there is none. */
  generationOf(endpoint: E): bigint {
    return this.#endpoints.get(endpoint)?.generation ?? 0n;
  }

  /** What the versions loaded in the endpoint are estimated to take, in bytes. */
  memoryBytesOf(endpoint: E): number {
    return this.#endpoints.get(endpoint)?.memoryBytes ?? 0;
  }

  #keepEnded({ name, versions }: ModelReport): void {
    if (versions.length === 0) return;
    this.#ended.delete(name);
    const rows = versions.map(({ version, state, code, message }) => ({ version, state, code, message }));
    this.#ended.set(name, rows);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > KEPT_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  #renew(names: Iterable<string>): void {
    for (const name of names) {
      const reports: EndpointReport<E>[] = [];
      for (const [endpoint, { models }] of this.#endpoints) {
        const report = models.get(name);
        if (report !== undefined) reports.push({ endpoint, report });
      }
      if (reports.length === 0) this.#views.delete(name);
      else {
        const view = mergeReports(name, reports, this.#views.get(name), this.#pool);
        if (view.available.length > 0) this.#seen.add(name);
        this.#views.set(name, view);
      }
    }
    this.#changed();
  }
}

/** The last word of one endpoint. */
interface Known {
  generation: bigint;
  memoryBytes: number;
  readonly models: Map<string, ModelReport>;
}
