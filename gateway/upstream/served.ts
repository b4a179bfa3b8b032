import type { LoadFailure, ModelName, Version, VersionStatus } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import type { Availability } from "../routing/index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Registry } from "./registry.ts";

export interface ServedPools {
  readonly local: Registry<Endpoint>;
  /** Undefined: the local one. */
  readonly poolOf: (model: ModelName) => string | undefined;
  /** Undefined where no pool is called so any more. */
  readonly registryOf: (pool: string) => Registry<Endpoint> | undefined;
  /** What answers for a model until its own pool has it. */
  readonly standIn: (model: ModelName) => Registry<Endpoint> | undefined;
  /** Beside the local one. */
  readonly others: () => readonly Registry<Endpoint>[];
}

/** What all pools serve together. A model's own pool is asked, unless another one is named. */
export class Served implements Availability {
  readonly #pools: ServedPools;

  constructor(pools: ServedPools) {
    this.#pools = pools;
  }

  servable(name: ModelName, version: Version, pool?: string): Servable | undefined {
    return this.#of(name, pool)?.servable(name, version);
  }

  latest(name: ModelName, pool?: string): Servable | undefined {
    return this.#of(name, pool)?.latest(name);
  }

  /** Descending by version. */
  available(name: ModelName): readonly Servable[] {
    return this.#of(name)?.available(name) ?? [];
  }

  /** Those that have a version, in its pool. */
  endpointsOf({ name, version, pool }: Pick<Servable, "name" | "version" | "pool">): readonly Endpoint[] {
    const registry = pool === undefined ? this.#pools.local : this.#pools.registryOf(pool);
    return registry?.endpointsOf(name, version) ?? [];
  }

  outlook(name: ModelName, pool?: string): "starting" | "lost" | "failed" {
    return this.#of(name, pool)?.outlook(name) ?? "failed";
  }

  /** As `Registry.status`. A model that is no longer configured has had its pool, whichever it was. */
  status(name: ModelName): readonly VersionStatus[] | undefined {
    const own = this.#of(name)?.status(name);
    if (own !== undefined) return own;
    for (const registry of [this.#pools.local, ...this.#pools.others()]) {
      const rows = registry.status(name);
      if (rows !== undefined) return rows;
    }
    return undefined;
  }

  /** False once some version of the model is available, and this one nowhere: that none is, is an outage. */
  mayHave(name: ModelName, version: string): boolean {
    const views = [this.#pools.local, ...this.#pools.others()].flatMap((registry) => registry.model(name) ?? []);
    const isThis = (row: VersionStatus): boolean => String(row.version) === version && row.state !== "END";
    return views.every(({ available }) => available.length === 0) || views.some(({ status }) => status.some(isThis));
  }

  failure(name: ModelName): Omit<LoadFailure, "name"> {
    return (this.#of(name) ?? this.#pools.local).failure(name);
  }

  #of(name: ModelName, pool?: string): Registry<Endpoint> | undefined {
    if (pool !== undefined) return this.#pools.registryOf(pool);
    const standIn = this.#pools.standIn(name);
    if (standIn !== undefined) return standIn;
    const own = this.#pools.poolOf(name);
    return own === undefined ? this.#pools.local : this.#pools.registryOf(own);
  }
}
