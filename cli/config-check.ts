import { resolve } from "node:path";
import {
  type CheckedProblem,
  ConfigError,
  checkSettings,
  loadSettings,
  parseFlags,
  renderProblem,
  type Settings,
  servedConfig,
} from "../config/index.ts";
import { diskFindings } from "./disk-findings.ts";
import { lookAtDisk } from "./disk-look.ts";

export interface CheckOptions {
  /** TensorFlow Serving's own list of models. */
  readonly modelConfigFile?: string;
  /** Warnings fail too. */
  readonly strict?: boolean;
  /** `false`: the disk is not looked at. */
  readonly paths: boolean;
  readonly json?: boolean;
}

/** Prints everything that is wrong or odd about a configuration; the exit status. */
export async function checkCommand(path: string | undefined, options: CheckOptions): Promise<number> {
  const { settings, problems } = await checked(path, options);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  const isFine = errors === 0 && (warnings === 0 || options.strict !== true);
  const text =
    options.json === true
      ? `${JSON.stringify({ ok: isFine, errors, warnings, problems }, undefined, 2)}\n`
      : [...problems.map(line), summary(settings, errors, warnings)].map((each) => `${each}\n`).join("");
  process.stdout.write(text);
  return isFine ? 0 : 1;
}

interface Checked {
  /** Undefined: a load refuses it. */
  readonly settings: Settings | undefined;
  readonly problems: readonly CheckedProblem[];
}

async function checked(path: string | undefined, options: CheckOptions): Promise<Checked> {
  try {
    const settings = await settingsAt(path, options.modelConfigFile);
    const config = servedConfig(settings);
    const onDisk = options.paths ? diskFindings(config, await lookAtDisk(config)) : [];
    return { settings, problems: checkSettings(settings, onDisk) };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return { settings: undefined, problems: thrown.problems.map((each) => ({ ...each, severity: "error" })) };
  }
}

/** As `tensorgate serve` would load them. */
export async function settingsAt(path: string | undefined, modelConfigFile?: string): Promise<Settings> {
  const flags = [
    ...(path === undefined ? [] : [`--config=${resolve(path)}`]),
    ...(modelConfigFile === undefined ? [] : [`--model_config_file=${resolve(modelConfigFile)}`]),
  ];
  return await loadSettings(parseFlags(flags, "serve"));
}

function line({ severity, ...problem }: CheckedProblem): string {
  return severity === "warning" ? `${renderProblem(problem)} (warning)` : renderProblem(problem);
}

function summary(settings: Settings | undefined, errors: number, warnings: number): string {
  const found = [counted(errors, "error"), counted(warnings, "warning")].filter((text) => text !== "").join(", ");
  if (settings === undefined) return `refused: ${found}`;
  const { models, routes } = servedConfig(settings);
  const added = models.length - settings.config.models.length;
  const from = added === 0 ? "" : ` (${added} added over the admin API, kept in ${settings.kept.file})`;
  const size = [`${counted(models.length, "model") || "no model"}${from}`, counted(routes.length, "route")]
    .filter((text) => text !== "")
    .join(", ");
  return found === "" ? `ok: ${size}` : `${found}; ${size}`;
}

function counted(count: number, word: string): string {
  return count === 0 ? "" : `${count} ${word}${count === 1 ? "" : "s"}`;
}
