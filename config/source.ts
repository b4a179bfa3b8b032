import { isUtf8 } from "node:buffer";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "./config-error.ts";

/** What a look at a file has found: its text, or why there is none. */
export type FileRead =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly problem: string };

/** A configuration as it lies on disk: one file, or those of a folder in the order of their names. */
export interface ConfigSource {
  /** Absolute: the file or folder that `--config` names. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly files: readonly FileRead[];
}

/**
 * Looks at a configuration. Of a folder, every `*.yaml`, `*.yml` and `*.json` directly in it counts, links followed; hidden
 * files don't (editors and Kubernetes keep theirs there), nor does a JSON Schema, which editors want beside the files.
 * Never fails: what cannot be read is said in its place.
 */
export async function readConfigSource(path: string): Promise<ConfigSource> {
  let names: readonly string[];
  try {
    names = await readdir(path);
  } catch (thrown) {
    const isFolder = !["ENOTDIR", "ENOENT"].includes(codeOf(thrown));
    return { path, isFolder, files: [isFolder ? { file: path, problem: readProblem(thrown) } : await lookAt(path)] };
  }
  const looked = names
    .filter(isConfigName)
    .sort()
    .map((name) => lookAtYaml(join(path, name)));
  return { path, isFolder: true, files: (await Promise.all(looked)).filter(isNoFolder) };
}

/** Where relative paths start that are of no file of their own. */
export function folderOfSource({ path, isFolder }: Pick<ConfigSource, "path" | "isFolder">): string {
  return isFolder ? path : dirname(path);
}

/** A text that lies nowhere; `file` names it. */
export function configText(text: string, file: string): ConfigSource {
  return { path: file, isFolder: false, files: [{ file, text }] };
}

/** The text of a file that somebody has named in a flag; {@link ConfigError} when it cannot be read. */
export async function readConfigText(file: string): Promise<string> {
  const read = await lookAt(file);
  if ("text" in read) return read.text;
  throw new ConfigError([{ file, path: "", message: read.problem }]);
}

export async function lookAt(file: string): Promise<FileRead> {
  try {
    return { file, text: await readFile(file, "utf8") };
  } catch (thrown) {
    return { file, problem: readProblem(thrown) };
  }
}

/** What some editors and shells write is UTF-16, of which nothing could be told but that its first letter is wrong. */
async function lookAtYaml(file: string): Promise<FileRead> {
  try {
    const bytes = await readFile(file);
    return isUtf8(bytes) ? { file, text: bytes.toString("utf8") } : { file, problem: "is not UTF-8" };
  } catch (thrown) {
    return { file, problem: readProblem(thrown) };
  }
}

/** Why a file cannot be read, as a message about it says. */
export function readProblem(thrown: unknown): string {
  return codeOf(thrown) === "ENOENT" ? "no such file" : `cannot be read: ${(thrown as Error).message}`;
}

function isConfigName(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name) && !name.startsWith(".") && !name.endsWith(".schema.json");
}

function isNoFolder(read: FileRead): boolean {
  return "text" in read || !read.problem.includes("EISDIR");
}

function codeOf(thrown: unknown): string {
  return String((thrown as NodeJS.ErrnoException).code);
}
