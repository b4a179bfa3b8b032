import { resolve } from "node:path";
import { absolutePath, cloudPathProblem } from "../base-path.ts";
import { didYouMean } from "../nearest.ts";
import { Unfit } from "../schema/scalar.ts";

/** How the value of one kind of flag is read. */
export interface Reader<T> {
  /** Shown in the help after the `=`. */
  readonly placeholder: string;
  /** `--flag` alone is enough. */
  readonly alone?: true;
  read(written: string): T | Unfit;
}

export const text: Reader<string> = {
  placeholder: "TEXT",
  read: (written) => (written === "" ? new Unfit("expected text, got none") : written),
};

export const list: Reader<string[]> = {
  placeholder: "A,B",
  read: (written) => written.split(",").filter((part) => part !== ""),
};

/** Of a flag of `tensorflow_model_server`, for which an empty text is as good as no flag: start scripts pass one. */
export const textOrNone: Reader<string | undefined> = {
  placeholder: "TEXT",
  read: (written) => written || undefined,
};

/** Relative to the working directory. */
export const file: Reader<string> = {
  placeholder: "FILE",
  read: (written) => (written === "" ? new Unfit("expected a path, got none") : resolve(written)),
};

/** As {@link file}; empty: none. */
export const fileOrNone: Reader<string | undefined> = {
  placeholder: "FILE",
  read: (written) => (written === "" ? undefined : resolve(written)),
};

/** As {@link fileOrNone}; what lies in a cloud is refused. */
export const folderOrNone: Reader<string | undefined> = {
  placeholder: "FOLDER",
  read(written) {
    if (written === "") return undefined;
    const problem = cloudPathProblem(written);
    return problem === undefined ? absolutePath(written, process.cwd()) : new Unfit(problem);
  },
};

export const yesNo: Reader<boolean> = {
  placeholder: "true|false",
  alone: true,
  read(written) {
    if (/^(true|1|)$/i.test(written)) return true;
    return /^(false|0)$/i.test(written) ? false : new Unfit(`expected true or false, got "${written}"`);
  },
};

export function integer(
  minimum: number = Number.MIN_SAFE_INTEGER,
  maximum: number = Number.MAX_SAFE_INTEGER,
): Reader<number> {
  const bounds = [
    ...(minimum === Number.MIN_SAFE_INTEGER ? [] : [`at least ${minimum}`]),
    ...(maximum === Number.MAX_SAFE_INTEGER ? [] : [`at most ${maximum}`]),
  ];
  const expected = ["a whole number", ...bounds].join(", ");
  return {
    placeholder: "N",
    read(written) {
      const value = /^[+-]?\d+$/.test(written) ? Number(written) : Number.NaN;
      const fits = Number.isSafeInteger(value) && value >= minimum && value <= maximum;
      return fits ? value : new Unfit(`expected ${expected}, got "${written}"`);
    },
  };
}

export const fraction: Reader<number> = {
  placeholder: "X",
  read(written) {
    const value = written.trim() === "" ? Number.NaN : Number(written);
    return value >= 0 && value <= 1 ? value : new Unfit(`expected a number from 0 to 1, got "${written}"`);
  },
};

export function word<const W extends string>(...words: readonly W[]): Reader<W> {
  return {
    placeholder: words.join("|"),
    read: (written) =>
      words.find((each) => each === written) ??
      new Unfit(`expected one of ${words.join(", ")}, got "${written}"${didYouMean(written, words)}`),
  };
}
