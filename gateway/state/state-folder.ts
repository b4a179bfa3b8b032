import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "../../core/index.ts";

/** Small things that have to be there again after a restart. */
export interface StateFolder {
  /**
   * The same document for the same name, which becomes a file's: lower case letters and dashes. `fits` tells whether what is
   * kept has the form that is written now: default: any JSON has.
   */
  document(name: string, fits?: (value: unknown) => boolean): StateDocument;
}

export interface StateDocument {
  /** Undefined: it is in memory. */
  readonly file: string | undefined;
  /** What was written last, in this process or an earlier one; undefined: nothing that can be read. */
  read(): unknown;
  /**
   * Keeps a JSON value in place of the former. On the disk when it returns, whole: a crash leaves the one or the other.
   * Never throws: what cannot be written is kept in memory, and the log says so once. Answers whether it will be there again
   * after a restart. Takes milliseconds; for what changes rarely.
   */
  write(value: unknown): boolean;
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
    document(name, fits = () => true) {
      const file = folder && join(folder, `${name}.json`);
      const known = documents.get(name) ?? createDocument(file, fits, log, warn);
      documents.set(name, known);
      return known;
    },
  };
}

function createDocument(
  file: string | undefined,
  fits: (value: unknown) => boolean,
  log: Logger,
  warn: (why: string) => void,
): StateDocument {
  let value = file === undefined ? undefined : readJson(file, fits, log);
  return {
    file,
    read: () => value,
    write(next) {
      value = next;
      if (file === undefined) {
        warn("no state.folder is configured");
        return false;
      }
      try {
        replaceFile(file, `${JSON.stringify(next, undefined, 2)}\n`);
        return true;
      } catch (thrown) {
        warn(`state.folder cannot be written (${(thrown as Error).message})`);
        return false;
      }
    },
  };
}

/** What cannot be read is put aside, so that a person, or the version that has written it, may: the next `write` would be its end. */
function readJson(file: string, fits: (value: unknown) => boolean, log: Logger): unknown {
  let why = "it has not the form that this version writes";
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as unknown;
    if (fits(value)) return value;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    why = (thrown as Error).message;
  }
  const aside = setAside(file);
  const where = aside === undefined ? "" : ` (it is put aside as ${aside})`;
  log.error(`what was kept in ${file} cannot be read, and is forgotten${where}: ${why}`);
  return undefined;
}

function setAside(file: string): string | undefined {
  const aside = `${file}.unreadable`;
  try {
    renameSync(file, aside);
    return aside;
  } catch {
    // A folder that cannot be written is told of when it has to be.
    return undefined;
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
