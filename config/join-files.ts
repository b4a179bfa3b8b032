import { basename, dirname, resolve } from "node:path";
import { type Path, type Problem, renderPath } from "./config-error.ts";
import type { NameOf } from "./cross-check.ts";
import { type Hidden, mask } from "./mask.ts";
import { isMapping } from "./schema/scalar.ts";
import type { ConfigSource } from "./source.ts";
import type { YamlFile } from "./yaml.ts";

type Mapping = Readonly<Record<string, unknown>>;

/** What one or more files say together, and where each part of it stood. Paths lead into `value`. */
export interface JoinedFiles {
  /** Top-level keys with nothing below them (all of it is a comment, say) are absent. */
  readonly value: Mapping;
  /** Settings that stand in two files. */
  readonly clashes: readonly Problem[];
  /** As {@link YamlFile.problem}, in the words and at the place of the file that it is in; values of references are masked. */
  problem(path: Path, message: string, of?: "key" | "value"): Problem;
  /** `file:line:column`. */
  placeOf(path: Path): string;
  /** Its path in its file, and of a folder's files which one: the name of what has none. */
  ownName(path: Path): string;
  /** How the setting at `path` is called in a message about the one at `from`: by its path, and its place in another file. */
  readonly nameOf: NameOf;
  /** The folder of the file that says the setting. */
  folderOf(path: Path): string;
  /** Whether something of the setting came from a reference, and may be a secret. Letter case does not count. */
  isReferred(path: Path): boolean;
}

interface Part {
  readonly yaml: YamlFile;
  readonly value: Mapping;
}

interface Located {
  readonly part: Part;
  /** Within that file. */
  readonly path: Path;
}

/**
 * Joins the files of a folder, in their order: top-level lists one after the other, mappings key by key. A setting that
 * stands in two files is a clash, at the later one. `source` is where they come from.
 */
export function joinFiles(files: readonly YamlFile[], source: Pick<ConfigSource, "path" | "isFolder">): JoinedFiles {
  const parts = files.map((yaml) => ({ yaml, value: withoutEmptySections(yaml.value) }));
  const clashes: Problem[] = [];
  let value: Mapping = {};
  for (const [i, part] of parts.entries()) {
    const clash = (path: Path): void => {
      const first = locate(parts.slice(0, i), path);
      const place = first === undefined ? "" : placeIn(first);
      clashes.push(part.yaml.problem(path, `is set in ${place} already`, "key"));
    };
    value = joined(value, part.value, [], clash);
  }

  const problem: JoinedFiles["problem"] = (path, message, of) => {
    const found = locate(parts, path) ?? (parts.length === 1 && parts[0] ? { part: parts[0], path } : undefined);
    if (found === undefined) return { file: source.path, path: renderPath(path), message };
    const { near, elsewhere } = hiddenAround(parts, found);
    return found.part.yaml.problem(found.path, mask(message, near, elsewhere), of);
  };
  const referred = new Map(parts.map((part) => [part, new Set(part.yaml.hidden.flatMap(({ path }) => keysTo(path)))]));
  return {
    value,
    clashes,
    problem,
    isReferred(path) {
      const found = locate(parts, path);
      return found !== undefined && referred.get(found.part)?.has(keyOf(found.path)) === true;
    },
    placeOf: (path) => {
      const found = locate(parts, path);
      return found === undefined ? "" : placeIn(found);
    },
    ownName(path) {
      const found = locate(parts, path);
      const name = renderPath(found?.path ?? path);
      return source.isFolder && found !== undefined ? `${basename(found.part.yaml.file)}:${name}` : name;
    },
    nameOf(path, from) {
      const [found, about] = [locate(parts, path), locate(parts, from)];
      if (found === undefined || found.part === about?.part) return renderPath(found?.path ?? path);
      return `${renderPath(found.path)} in ${placeIn(found)}`;
    },
    folderOf: (path) => dirname(resolve(locate(parts, path)?.part.yaml.file ?? source.path)),
  };
}

function keyOf(path: Path): string {
  return path.join("\0").toLowerCase();
}

/** Of a path and of all that it leads through. */
function keysTo(path: Path): readonly string[] {
  return path.map((_, end) => keyOf(path.slice(0, end + 1)));
}

function joined(earlier: Mapping, later: Mapping, path: Path, clash: (path: Path) => void): Mapping {
  const result = new Map(Object.entries(earlier));
  for (const [key, value] of Object.entries(later)) {
    const known = result.get(key);
    const here = [...path, key];
    if (!result.has(key)) result.set(key, value);
    else if (isMapping(known) && isMapping(value)) result.set(key, joined(known, value, here, clash));
    else if (path.length === 0 && Array.isArray(known) && Array.isArray(value)) result.set(key, [...known, ...value]);
    else if (path.length > 0 || key !== "$schema") clash(here);
  }
  return Object.fromEntries(result);
}

/** The first file that holds as much of a path as any, and the path in it; undefined when none has its first step. */
function locate(parts: readonly Part[], path: Path): Located | undefined {
  const [key, index] = path;
  let holders = parts.filter(({ value }) => key !== undefined && Object.hasOwn(value, key));
  const [first] = holders;
  if (first === undefined || key === undefined) return undefined;
  if (Array.isArray(first.value[String(key)]) && typeof index === "number") {
    let before = 0;
    for (const part of holders) {
      const list = part.value[String(key)];
      if (!Array.isArray(list)) continue;
      if (index < before + list.length) return { part, path: [key, index - before, ...path.slice(2)] };
      before += list.length;
    }
    return { part: first, path };
  }
  for (let depth = 2; depth <= path.length && holders.length > 1; depth++) {
    const deeper = holders.filter(({ value }) => holds(value, path.slice(0, depth)));
    if (deeper.length === 0) break;
    holders = deeper;
  }
  return { part: holders[0] ?? first, path };
}

function holds(value: unknown, path: Path): boolean {
  let node = value;
  for (const step of path) {
    if (!isMapping(node) || !Object.hasOwn(node, step)) return false;
    node = node[String(step)];
  }
  return true;
}

function placeIn({ part, path }: Located): string {
  const { file, line, column } = part.yaml.problem(path, "");
  return `${file}:${line}:${column}`;
}

/** A message may tell values of the same section or list item, and names from anywhere. */
function hiddenAround(
  parts: readonly Part[],
  { part, path }: Located,
): { readonly near: readonly Hidden[]; readonly elsewhere: readonly Hidden[] } {
  const [key, index] = path;
  const isNear = (each: Part, hidden: Hidden): boolean =>
    hidden.path[0] === key && (typeof index !== "number" || (each === part && hidden.path[1] === index));
  const all = parts.flatMap((each) => each.yaml.hidden.map((hidden) => ({ hidden, near: isNear(each, hidden) })));
  return {
    near: all.filter(({ near }) => near).map(({ hidden }) => hidden),
    elsewhere: all.filter(({ near }) => !near).map(({ hidden }) => hidden),
  };
}

function withoutEmptySections(value: unknown): Mapping {
  const sections = isMapping(value) ? value : {};
  return Object.fromEntries(Object.entries(sections).filter(([, section]) => section !== null));
}
