import { Unfit } from "../schema/scalar.ts";
import type { Reader } from "./read.ts";
import type { Change, Command, FlagDraft } from "./values.ts";

/** One row of the table of flags. */
export interface Flag {
  /** Without dashes, in the spelling of `tensorflow_model_server`: `rest_api_port`. */
  readonly name: string;
  readonly commands: readonly Command[];
  readonly help: string;
  /** What holds when it is not given, for the help. */
  readonly standard: string | undefined;
  /** Of use between our own processes only. */
  readonly hidden: boolean;
  readonly reader: Reader<unknown>;
  /** Keeps a value that the reader has read; answers what it changes in the configuration, if that is where it lands. */
  keep(values: FlagDraft, value: unknown): Change | undefined;
}

interface Row<T> {
  readonly name: string;
  readonly reader: Reader<T>;
  readonly help: string;
  readonly standard?: string;
  /** Default: both. */
  readonly only?: Command;
  readonly hidden?: true;
  /** A value that is as good as no flag. */
  readonly saysNothing?: T;
}

/** A flag that changes the configuration. */
export function setting<T>(row: Row<T> & { set(config: Parameters<Change>[0], value: T): void }): Flag {
  return toFlag(row, (_values, value) => {
    if (value === row.saysNothing) return undefined;
    return (config) => row.set(config, value as T);
  });
}

/** A flag that says where the configuration comes from, or what else to do. */
export function source<T>(row: Row<T> & { put(values: FlagDraft, value: T): void }): Flag {
  return toFlag(row, (values, value) => {
    row.put(values, value as T);
    return undefined;
  });
}

/** A flag of `tensorflow_model_server` that is taken and has no effect here; `why` ends the line that says so. */
export function withoutEffect<T>(name: string, reader: Reader<T>, why: string, only?: Command): Flag {
  return source({
    name,
    ...(only === undefined ? {} : { only }),
    reader,
    hidden: true,
    help: `Has no effect: ${why}.`,
    put: (values) => {
      values.notes.set(name, `--${name} has no effect: ${why}`);
    },
  });
}

/** One that a user would miss: refused when it is set to what is not supported, with what to do instead. */
export function refused<T>(name: string, reader: Reader<T>, isSet: (value: T) => boolean, sentence: string): Flag {
  const read = (written: string): T | Unfit => {
    const value = reader.read(written);
    return value instanceof Unfit || !isSet(value) ? value : new Unfit(sentence);
  };
  return source({ name, reader: { ...reader, read }, hidden: true, help: `Refused: ${sentence}.`, put: () => {} });
}

function toFlag(row: Row<never> | Row<unknown>, keep: Flag["keep"]): Flag {
  return {
    name: row.name,
    commands: row.only === undefined ? ["serve", "worker"] : [row.only],
    help: row.help,
    standard: row.standard,
    hidden: row.hidden ?? false,
    reader: row.reader,
    keep,
  };
}
