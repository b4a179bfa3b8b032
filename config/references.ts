import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { didYouMean } from "./nearest.ts";
import { Unfit } from "./schema/scalar.ts";
import { type FileRead, readProblem } from "./source.ts";

/** Where references get their values from. It remembers the files, for whoever follows them. */
export class ReferenceValues {
  readonly #known: ReadonlyMap<string, FileRead>;
  readonly #used = new Map<string, FileRead>();
  readonly #environment: NodeJS.ProcessEnv;

  /** `known`: what a look has found already, so that all of a configuration is of the same moment. */
  constructor(known: readonly FileRead[] = [], environment: NodeJS.ProcessEnv = process.env) {
    this.#known = new Map(known.map((read) => [read.file, read]));
    this.#environment = environment;
  }

  /** The files that references have named, with what was found there. */
  get files(): readonly FileRead[] {
    return [...this.#used.values()];
  }

  get known(): readonly FileRead[] {
    return [...this.#known.values()];
  }

  /** Another reader of the same configuration has found this where a reference leads. */
  remember(read: FileRead): void {
    this.#used.set(read.file, read);
  }

  environment(name: string): string | Unfit {
    const names = Object.keys(this.#environment);
    return this.#environment[name] ?? new Unfit(`environment variable ${name} is not set${didYouMean(name, names)}`);
  }

  file(path: string): FileRead {
    const read = this.#used.get(path) ?? this.#known.get(path) ?? readSecret(path);
    this.#used.set(path, read);
    return read;
  }
}

/** As references read it, without keeping the process waiting. */
export async function lookAtSecret(file: string): Promise<FileRead> {
  try {
    return (await stat(file)).isFile() ? toSecret(file, await readFile(file)) : notAFile(file);
  } catch (thrown) {
    return { file, problem: readProblem(thrown) };
  }
}

function readSecret(file: string): FileRead {
  try {
    return statSync(file).isFile() ? toSecret(file, readFileSync(file)) : notAFile(file);
  } catch (thrown) {
    return { file, problem: readProblem(thrown) };
  }
}

/** Reading a pipe would wait for a writer. */
function notAFile(file: string): FileRead {
  return { file, problem: "is no file" };
}

/** Strict, as a token with replacement characters in it would only fail later, and elsewhere. */
function toSecret(file: string, bytes: Uint8Array): FileRead {
  if (!isUtf8(bytes)) return { file, problem: "is not UTF-8" };
  return { file, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, "") };
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;

const FORMS = "${NAME}, ${NAME:-default} or ${file:PATH}";

/**
 * A text with the values of its references in their place; undefined when it holds neither a reference nor an escaped one.
 * `folder` is where relative paths start.
 */
export function withReferences(text: string, folder: string, values: ReferenceValues): string | Unfit | undefined {
  let resolved = "";
  let end = 0;
  for (const found of text.matchAll(REFERENCE)) {
    const value = found[1] === undefined ? "${" : valueOf(found[1], found[2] === "}", folder, values);
    if (value instanceof Unfit) return value;
    resolved += text.slice(end, found.index) + value;
    end = found.index + found[0].length;
  }
  return end === 0 ? undefined : resolved + text.slice(end);
}

function valueOf(body: string, isClosed: boolean, folder: string, values: ReferenceValues): string | Unfit {
  const written = `\${${body}}`;
  if (!isClosed) return new Unfit(`a reference has no end, expected } after \${${body}`);
  if (body.startsWith("file:") && body.length > "file:".length) {
    const read = values.file(resolve(folder, body.slice("file:".length)));
    return "text" in read ? read.text : new Unfit(`${written}: ${read.problem}`);
  }
  const [, name, standard] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(body) ?? [];
  if (name === undefined || standard?.includes("${") === true) {
    return new Unfit(`expected ${FORMS}, got ${written}: write $\${ for a mere \${`);
  }
  const value = values.environment(name);
  // As in a shell, a default stands for an empty value too.
  return standard !== undefined && (value instanceof Unfit || value === "") ? standard : value;
}
