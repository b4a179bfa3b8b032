import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cloudPathProblem, type VersionPolicy } from "../../config/index.ts";
import { parseVersion, type Version } from "../../core/index.ts";

/** A folder that holds one version, by what it is called or where it lies. */
export interface FoundVersion {
  readonly version: Version;
  readonly directory: string;
}

/** What one look at a base path has shown. */
export type Scan =
  | {
      readonly is: "found";
      /** Those that the policy asks for, ascending. None: nothing is to be served from here. */
      readonly wanted: readonly FoundVersion[];
      /** What a person should know of it, for the log. */
      readonly notes: readonly string[];
    }
  /** The path could not be read: what is loaded stays. */
  | { readonly is: "unreadable"; readonly problem: string };

/** Looks at a base path once. Never rejects: a path that cannot be read is an answer too. */
export async function scanBasePath(basePath: string, policy: VersionPolicy): Promise<Scan> {
  const problem = cloudPathProblem(basePath);
  if (problem !== undefined) return { is: "unreadable", problem };
  try {
    const root = basePath.startsWith("file://") ? fileURLToPath(basePath) : basePath;
    const { found, notes } = await versionsIn(root);
    const { wanted, missing } = choose(found, policy);
    for (const version of missing) notes.push(`version ${version} is asked for but is not in ${basePath}`);
    return { is: "found", wanted, notes };
  } catch (thrown) {
    return { is: "unreadable", problem: describeFailure(basePath, thrown) };
  }
}

/** Numeric folders; else the base path itself when it is a SavedModel, the first mistake of most newcomers. */
async function versionsIn(root: string): Promise<{ found: FoundVersion[]; notes: string[] }> {
  const byVersion = new Map<Version, FoundVersion>();
  const notes: string[] = [];
  const entries = (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const version = parseVersion(entry.name);
    if (version === undefined) continue;
    const directory = join(root, entry.name);
    if (!entry.isDirectory() && !(entry.isSymbolicLink() && (await isDirectory(directory)))) continue;
    const twin = byVersion.get(version);
    if (twin !== undefined) notes.push(`${twin.directory} and ${directory} are the same version; the latter is served`);
    byVersion.set(version, { version, directory });
  }
  if (byVersion.size === 0 && entries.some(({ name }) => name === "saved_model.pb" || name === "saved_model.pbtxt")) {
    const version = 1n as Version;
    byVersion.set(version, { version, directory: root });
    notes.push(`${root} is itself a SavedModel and has no numeric version folder: it is served as version 1`);
  }
  return { found: [...byVersion.values()].sort((a, b) => (a.version < b.version ? -1 : 1)), notes };
}

function choose(
  found: readonly FoundVersion[],
  policy: VersionPolicy,
): { wanted: readonly FoundVersion[]; missing: readonly Version[] } {
  switch (policy.by) {
    case "all":
      return { wanted: found, missing: [] };
    case "latest":
      // 0 counts as 1, as in TensorFlow Serving.
      return { wanted: found.slice(-Math.max(1, policy.count)), missing: [] };
    case "specific": {
      const asked = new Set(policy.versions);
      const there = new Set(found.map(({ version }) => version));
      return {
        wanted: found.filter(({ version }) => asked.has(version)),
        missing: [...asked].filter((version) => !there.has(version)),
      };
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // A link that leads nowhere.
    return false;
  }
}

function describeFailure(basePath: string, thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT") return `the base path ${basePath} does not exist`;
  if (code === "ENOTDIR") return `the base path ${basePath} is not a folder`;
  if (code === "EACCES" || code === "EPERM") return `the base path ${basePath} may not be read (permission denied)`;
  return `the base path ${basePath} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
}
