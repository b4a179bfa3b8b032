import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "../../core/index.ts";

/** Small things that have to be there again after a restart. */
export interface StateFolder {
  /** The same document for the same name, which becomes a file's: lower case letters and dashes. */
  document(name: string): StateDocument;
}

export interface StateDocument {
  /** What was written last, in this process or an earlier one; undefined: nothing that can be read. */
  read(): unknown;
  /**
   * Keeps a JSON value in place of the former. On the disk when it returns, whole: a crash leaves the one or the other.
   * Never throws: what cannot be written is kept in memory, and the log says so once. Takes milliseconds; for what changes rarely.
   */
  write(value: unknown): void;
}

/** `folder` is made when something is written; undefined: everything is in memory, with a warning once there is something to lose. */
export function createStateFolder(folder: string | undefined, log: Logger): StateFolder {
  const documents = new Map<string, StateDocument>();
  let warned = false;
  const warn = (why: string): void => {
    if (!warned) log.warn(`${why}: ramps and models added at run time are forgotten at the next start`);
    warned = true;
  };
  return {
    document(name) {
      const known = documents.get(name) ?? createDocument(folder && join(folder, `${name}.json`), log, warn);
      documents.set(name, known);
      return known;
    },
  };
}

function createDocument(file: string | undefined, log: Logger, warn: (why: string) => void): StateDocument {
  let value = file === undefined ? undefined : readJson(file, log);
  return {
    read: () => value,
    write(next) {
      value = next;
      if (file === undefined) return warn("no state.folder is configured");
      try {
        replaceFile(file, `${JSON.stringify(next, undefined, 2)}\n`);
      } catch (thrown) {
        warn(`state.folder cannot be written (${(thrown as Error).message})`);
      }
    },
  };
}

/** What cannot be read as JSON is put aside, so that a person may look at it: the next `write` would be its end. */
function readJson(file: string, log: Logger): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    log.error(`what was kept in ${file} cannot be read, and is forgotten: ${(thrown as Error).message}`);
    if (thrown instanceof SyntaxError) setAside(file);
    return undefined;
  }
}

function setAside(file: string): void {
  try {
    renameSync(file, `${file}.unreadable`);
  } catch {
    // A folder that cannot be written is told of when it has to be.
  }
}

/** A reader finds the former text or the new one, whatever happens meanwhile. */
function replaceFile(file: string, text: string): void {
  const folder = dirname(file);
  const draft = `${file}.${process.pid}.new`;
  mkdirSync(folder, { recursive: true });
  try {
    synced(draft, "w", (opened) => writeFileSync(opened, text));
    renameSync(draft, file);
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw thrown;
  }
  // The new name is on the disk once its folder is.
  synced(folder, "r", () => {});
}

function synced(path: string, flags: "r" | "w", act: (opened: number) => void): void {
  const opened = openSync(path, flags, 0o600);
  try {
    act(opened);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
