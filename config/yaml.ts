import { dirname, resolve } from "node:path";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from "yaml";
import { ConfigError, type Path, type Problem, renderPath, renderProblem } from "./config-error.ts";
import { type Hidden, hiddenIn } from "./mask.ts";
import { didYouMean } from "./nearest.ts";
import type { ReferenceValues } from "./references.ts";
import { resolveReferences, restoreIndicators, withIndicators, withStandIns } from "./yaml-references.ts";

/** A parsed YAML or JSON file that knows where everything stood. */
export interface YamlFile {
  /** As it was given. */
  readonly file: string;
  /** Plain objects, lists and scalars; a whole number beyond 2^53 is a bigint. */
  readonly value: unknown;
  /** What of it came from references. */
  readonly hidden: readonly Hidden[];
  /** A problem at a key (`of: "key"`) or at its value; at the nearest thing around it when there is no such key. */
  problem(path: Path, message: string, of?: "key" | "value"): Problem;
}

/**
 * Reads one mapping from YAML, anchors and merge keys (`<<`) included, and so from JSON. With
 * `values`, references are resolved, relative to the file; without, they are mere text. Throws {@link ConfigError} with every fault of
 * the syntax, a key that stands twice among them, or else every reference that leads nowhere.
 */
export function parseYaml(text: string, file: string, values?: ReferenceValues): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number, path: string, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path, message };
  };
  const references = text.includes("${") ? values : undefined;
  const documents = parseAllDocuments(references === undefined ? text : withStandIns(text), {
    lineCounter: lines,
    intAsBigInt: true,
    prettyErrors: false,
    merge: true,
  });
  const [first, second] = "empty" in documents ? [] : documents;
  if (first === undefined) throw new ConfigError([at(0, "", "the file is empty")]);

  const faults = first.errors.map((error) => at(error.pos[0], "", sentence(withIndicators(error.message))));
  // The parser tells some of them twice.
  const once = new Map(faults.map((fault) => [renderProblem(fault), fault]));
  if (faults.length > 0) throw new ConfigError([...once.values()]);
  if (second !== undefined) {
    throw new ConfigError([at(second.range[0], "", "a second document starts here, expected only one")]);
  }
  if (first.contents === null || (isScalar(first.contents) && first.contents.value === null)) {
    throw new ConfigError([at(0, "", "the file is empty")]);
  }
  if (!isMap(first.contents))
    throw new ConfigError([at(first.contents.range[0], "", "expected a mapping of settings")]);

  const root = first.contents;
  const read = (): unknown => {
    try {
      return withNumbers(first.toJS());
    } catch (cause) {
      // An alias bomb is refused by the parser only here, and aliases that lead nowhere are.
      const lost = strayAliases(first).map(({ offset, message }) => at(offset, "", message));
      const told = lost.length > 0 ? lost : [{ file, path: "", message: sentence((cause as Error).message) }];
      throw new ConfigError(told, { cause });
    }
  };
  let written: unknown;
  if (references !== undefined) {
    restoreIndicators(first);
    written = read();
    const folder = dirname(resolve(file));
    const faults = resolveReferences(first, folder, references).map(({ offset, path, message }) =>
      at(offset, path, message),
    );
    if (faults.length > 0) throw new ConfigError(faults);
  }
  const value = read();
  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(first) : node);
  return {
    file,
    value,
    hidden: references === undefined ? [] : hiddenIn(value, written),
    problem(path, message, of = "value") {
      return at(offsetOf(root, path, of, follow), renderPath(path), message);
    },
  };
}

/** Aliases without an anchor before them. */
function strayAliases(document: Document.Parsed): readonly { readonly offset: number; readonly message: string }[] {
  const anchors = new Set<string>();
  const stray: { offset: number; message: string }[] = [];
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
      } else if (!anchors.has(node.source)) {
        const hint = didYouMean(node.source, anchors, (anchor) => `*${anchor}`);
        stray.push({
          offset: node.range?.[0] ?? 0,
          message: `no anchor &${node.source} stands before this alias${hint}`,
        });
      }
    },
  });
  return stray;
}

/** Whole numbers as numbers wherever that is exact. */
function withNumbers(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const converted = withNumbers(member);
    Object.defineProperty(copy, key, { value: converted, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function offsetOf(root: Node, path: Path, of: "key" | "value", follow: (node: unknown) => unknown): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const [depth, step] of path.entries()) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((each) => keyText(each) === String(step));
      if (pair === undefined) return offset;
      const isLast = depth === path.length - 1;
      offset = (isLast && of === "key" ? startOf(pair.key) : startOf(pair.value)) ?? startOf(pair.key) ?? offset;
      next = pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
      offset = startOf(next) ?? offset;
    } else return offset;
    node = follow(next);
  }
  return offset;
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function startOf(node: unknown): number | undefined {
  const ranged = node as { readonly range?: readonly number[] | null } | null | undefined;
  return ranged?.range?.[0];
}

/** The parser's messages start in upper case; ours follow a place. */
function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
