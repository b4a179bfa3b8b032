import { byPlace, type Path, type Problem, renderPath } from "../config-error.ts";
import { writtenIn } from "../load.ts";
import { isMapping } from "../schema/scalar.ts";
import type { Settings } from "../settings.ts";
import type { CheckFinding } from "./finding.ts";
import { checkConfig } from "./index.ts";

/** A finding, and where it stands. */
export interface CheckedProblem extends Problem {
  readonly severity: CheckFinding["severity"];
}

/**
 * What is odd about settings that have been taken, and what else somebody has found in them, by place. The disk is not
 * looked at.
 */
export function checkSettings(settings: Settings, others: readonly CheckFinding[] = []): readonly CheckedProblem[] {
  const findings = [...checkConfig(settings.config), ...others];
  if (findings.length === 0) return [];
  const { configSource } = settings.sources;
  const files = configSource && writtenIn(configSource, settings.secrets);
  const ownModels = settings.modelsFrom === configSource?.path;
  const problems = findings.map(({ severity, path, message }): CheckedProblem => {
    const isElsewhere = files === undefined || (path[0] === "models" && !ownModels);
    const problem = isElsewhere
      ? elsewhere(settings, path, message)
      : files.problem(writtenPath(files.value, path), message);
    return { ...problem, severity };
  });
  return problems.toSorted(byPlace);
}

/** Of models that a flag or TensorFlow Serving's own list names. */
function elsewhere({ modelsFrom, config }: Settings, path: Path, message: string): Problem {
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
