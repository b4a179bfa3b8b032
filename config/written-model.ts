import type { Version } from "../core/index.ts";
import type { BatchingConfig } from "./schema/batching.ts";
import type { ModelConfig, VersionPolicy } from "./schema/models.ts";

/** An entry of `models:` as a file may have it: JSON values. */
export type WrittenModel = { readonly name: string } & Readonly<Record<string, unknown>>;

/** The other way round than `parseModelText`: what a file would say for this model. */
export function writtenModel(model: ModelConfig): WrittenModel {
  const { name, path, pool, versions, labels, tags, batching, ...others } = model;
  return {
    name,
    ...(path === "" ? {} : { path }),
    ...(pool === undefined ? {} : { pool }),
    versions: writtenVersions(versions),
    ...(labels.size === 0
      ? {}
      : { labels: Object.fromEntries([...labels].map(([label, version]) => [label, digits(version)])) }),
    ...(tags === undefined ? {} : { tags }),
    ...(batching === undefined ? {} : { batching: batching === "off" ? batching : writtenBatching(batching) }),
    ...others,
  };
}

function writtenVersions(versions: VersionPolicy): unknown {
  switch (versions.by) {
    case "all":
      return "all";
    case "latest":
      return { latest: versions.count };
    case "specific":
      return { specific: versions.versions.map(digits) };
  }
}

function writtenBatching({ maxDelayMs, maxInFlight, ...others }: BatchingConfig): unknown {
  return { ...others, maxDelay: maxDelayMs, ...(maxInFlight === undefined ? {} : { maxInFlight }) };
}

/** In quotes where JSON's readers would lose some. */
function digits(version: Version): number | string {
  return Number.isSafeInteger(Number(version)) ? Number(version) : String(version);
}
