/** One thing that is wrong: where (as far as it is known) and what. */
export interface Problem {
  /** A file, absolute or as it was given; undefined for a flag. */
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
  /** From 1. */
  readonly column?: number | undefined;
  /** The key within the file, like `models[0].path`, or the flag, like `--port`. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that is refused whole, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(renderProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** `file:line:column path: message`, without the parts that are not known. */
export function renderProblem({ file, line, column, path, message }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  const where = [place, path].filter((part) => part !== "").join(" ");
  return where === "" ? message : `${where}: ${message}`;
}

/** By the names of files, and within a file from its top to its end. */
export function byPlace(a: Problem, b: Problem): number {
  const [one = "", other = ""] = [a.file, b.file];
  if (one !== other) return one < other ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

export type Path = readonly PropertyKey[];

/** `models[0].labels["a b"]`. */
export function renderPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w$-]+$/.test(String(step))) text += text === "" ? String(step) : `.${String(step)}`;
    else text += `[${JSON.stringify(String(step))}]`;
  }
  return text;
}
