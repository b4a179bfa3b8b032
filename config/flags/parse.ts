import { ConfigError, type Problem } from "../config-error.ts";
import { didYouMean } from "../nearest.ts";
import { Unfit } from "../schema/scalar.ts";
import type { Flag } from "./flag.ts";
import { flagsOf } from "./table.ts";
import type { Change, Command, FlagDraft, FlagValues } from "./values.ts";

/**
 * Reads `--flag=value`, `--flag value` and, for yes or no, `--flag`; `-` and `_` in a name are the same, and of a flag
 * given twice the last counts; `-h` is `--help`. Throws {@link ConfigError} with everything that is wrong; nothing is when `--help` or
 * `--version` is there.
 */
export function parseFlags(argv: readonly string[], command: Command): FlagValues {
  const flags = flagsOf(command);
  const values = emptyValues(command);
  const changes = new Map<string, Change>();
  const problems: Problem[] = [];
  const wrong = (path: string, message: string): unknown => problems.push({ path, message });

  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i] === "-h" ? "--help" : (argv[i] ?? "");
    const [, written, , inline] = /^--([^=]+)(=(.*))?$/s.exec(argument) ?? [];
    if (written === undefined) {
      wrong("", `unexpected argument "${argument}"${meantFlag(argument.replace(/=.*/s, ""), flags)}`);
      continue;
    }
    const flag = flags.find(({ name }) => name === written.replaceAll("-", "_"));
    if (flag === undefined) {
      wrong(`--${written}`, `unknown flag${meantFlag(written, flags)}`);
      continue;
    }
    const value = inline ?? valueAfter(flag, argv[i + 1]);
    if (inline === undefined && value !== undefined) i += 1;
    if (value === undefined && flag.reader.alone !== true) {
      wrong(`--${flag.name}`, `expected --${flag.name}=${flag.reader.placeholder}`);
      continue;
    }
    const read = flag.reader.read(value ?? "");
    if (read instanceof Unfit) {
      wrong(`--${flag.name}`, read.sentence);
      continue;
    }
    const change = flag.keep(values, read);
    if (change !== undefined) changes.set(flag.name, change);
  }

  problems.push(...contradictions(values, changes));
  if (problems.length > 0 && !values.help && !values.version) throw new ConfigError(problems);
  const inOrder = <T>(by: ReadonlyMap<string, T>): T[] => flags.flatMap(({ name }) => by.get(name) ?? []);
  return { ...values, changes: inOrder(changes), notes: inOrder(values.notes) };
}

function meantFlag(written: string, flags: readonly Flag[]): string {
  const names = flags.filter(({ hidden }) => !hidden).map(({ name }) => name);
  return didYouMean(written.replace(/^-+/, ""), names, (name) => `--${name}`);
}

/** The next argument, where that is this flag's value; a yes or no takes only a `true` or `false` so. */
function valueAfter({ reader }: Flag, next: string | undefined): string | undefined {
  if (reader.alone === true) return next === "true" || next === "false" ? next : undefined;
  return next?.startsWith("--") ? undefined : next;
}

function contradictions(values: FlagDraft, changes: ReadonlyMap<string, Change>): Problem[] {
  const problems: Problem[] = [];
  if (values.modelName !== undefined && values.modelBasePath === undefined && values.modelConfigFile === undefined) {
    problems.push({ path: "--model_name", message: "needs --model_base_path" });
  }
  const oneKind = ["tensorflow_intra_op_parallelism", "tensorflow_inter_op_parallelism"].find((name) =>
    changes.has(name),
  );
  if (changes.has("tensorflow_session_parallelism") && oneKind !== undefined) {
    problems.push({ path: "--tensorflow_session_parallelism", message: `cannot be given together with --${oneKind}` });
  }
  if (values.batching.file !== undefined && values.batching.enabled !== true) {
    const message =
      "server_options.batching_parameters_file is set without setting server_options.enable_batching to true.";
    problems.push({ path: "--batching_parameters_file", message });
  }
  return problems;
}

function emptyValues(command: Command): FlagDraft {
  return {
    command,
    help: false,
    version: false,
    configFile: undefined,
    modelName: undefined,
    modelBasePath: undefined,
    modelConfigFile: undefined,
    modelConfigPollMs: 0,
    monitoringFile: undefined,
    sslFile: undefined,
    sessionFile: undefined,
    batching: { enabled: undefined, file: undefined, perModel: false },
    notes: new Map(),
    workerSettings: undefined,
  };
}
