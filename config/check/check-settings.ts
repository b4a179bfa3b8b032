import { byPlace, type Path, type Problem, renderPath } from "../config-error.ts";
import { writtenIn } from "../load.ts";
import { placeProblem } from "../place-problem.ts";
import { isMapping } from "../schema/scalar.ts";
import { type Settings, servedConfig } from "../settings.ts";
import type { CheckFinding } from "./finding.ts";
import { checkConfig } from "./index.ts";

/** A finding, and where it stands. */
export interface CheckedProblem extends Problem {
  readonly severity: CheckFinding["severity"];
}

/**
 * What is odd about settings that have been taken and the models that were added beside them, and what else somebody has found
 * in {@link servedConfig}, by place. The disk is not looked at.
 */
export function checkSettings(settings: Settings, others: readonly CheckFinding[] = []): readonly CheckedProblem[] {
  const config = servedConfig(settings);
  const unplaced = config.models.flatMap((model, i): CheckFinding[] => {
    const message = placeProblem(model, config);
    return message === undefined ? [] : [{ severity: "warning", path: ["models", i], message }];
  });
  const unusable = settings.kept.problems.map((problem): CheckedProblem => ({ ...problem, severity: "warning" }));
  return [...placed([...checkConfig(config), ...unplaced, ...others], settings), ...unusable].toSorted(byPlace);
}

function placed(findings: readonly CheckFinding[], settings: Settings): readonly CheckedProblem[] {
  if (findings.length === 0) return [];
  const { configSource } = settings.sources;
  const files = configSource && writtenIn(configSource, settings.secrets);
  const ownModels = settings.modelsFrom === configSource?.path;
  return findings.map(({ severity, path, message }): CheckedProblem => {
    const isElsewhere = files === undefined || (path[0] === "models" && !ownModels);
    const problem =
      inKept(settings, path, message) ??
      (isElsewhere ? elsewhere(settings, path, message) : files.problem(writtenPath(files.value, path), message));
    return { ...problem, severity };
  });
}

/** Of models that were added, which stand behind all others. */
function inKept(settings: Settings, [key, index, ...path]: Path, message: string): Problem | undefined {
  if (key !== "models" || typeof index !== "number" || index < settings.config.models.length) return undefined;
  const model = `model "${servedConfig(settings).models[index]?.name}"`;
  return { file: settings.kept.file, path: path.length === 0 ? model : `${model} ${renderPath(path)}`, message };
}

/** Of models that a flag or TensorFlow Serving's own list names. */
function elsewhere(settings: Settings, path: Path, message: string): Problem {
  const { modelsFrom, config } = settings;
  const [key, index] = path;
  const name = key === "models" && typeof index === "number" ? config.models[index]?.name : undefined;
  if (modelsFrom.startsWith("--")) return { path: modelsFrom, message };
  return { file: modelsFrom, path: name === undefined ? renderPath(path) : `model "${name}"`, message };
}

/** Where a file says what stands at `path` of the configuration: some sections have a short form. */
function writtenPath(written: unknown, path: Path): Path {
  const [list, index, section, ...rest] = path;
  const route =
    list === "routes" && isMapping(written) ? (written["routes"] as readonly unknown[])[Number(index)] : undefined;
  if (!isMapping(route) || section === undefined) return path;
  const start = ["routes", Number(index)];
  if (section === "to" && route["to"] === undefined) return [...start, "rewrite"];
  const inList = typeof rest[0] === "number";
  if (section === "fallback" && inList && isMapping(route["fallback"])) return [...start, "fallback", "to", ...rest];
  if (section === "shadow" && isMapping(route["shadow"])) return [...start, "shadow", ...rest.slice(1)];
  return path;
}
