import { type CheckFinding, type Config, LOCAL_POOL, modelOf, targetsOf, versionOf } from "../config/index.ts";
import type { ModelName, Version } from "../core/index.ts";
import type { FoundVersion } from "../worker/lifecycle/index.ts";
import type { DiskLook } from "./disk-look.ts";
import { isSavedModel } from "./saved-model.ts";

/** What the configuration names and the disk does not have. */
export function diskFindings(config: Config, looks: ReadonlyMap<ModelName, DiskLook>): readonly CheckFinding[] {
  return [
    ...config.models.flatMap((model, i) => {
      const look = looks.get(model.name);
      return look === undefined
        ? []
        : modelFindings(look).map((each) => ({ ...each, path: ["models", i, ...each.path] }));
    }),
    ...routeFindings(config, looks),
  ];
}

function modelFindings({ model, found, wanted, problem = "" }: DiskLook): readonly CheckFinding[] {
  if (found === undefined) return [{ severity: "error", path: ["path"], message: problem }];
  if (found.length === 0) {
    const message = `${model.path} holds no numeric version folder, and is no SavedModel itself`;
    return [{ severity: "error", path: ["path"], message }];
  }
  const findings: CheckFinding[] = [];
  for (const { version, directory } of wanted) {
    if (isSavedModel(directory)) continue;
    const message = `version ${version} cannot be loaded: ${directory} holds no saved_model.pb`;
    findings.push({ severity: "warning", path: ["path"], message });
  }
  if (model.versions.by === "specific") {
    for (const version of model.versions.versions.filter((each) => !has(found, each))) {
      findings.push({ severity: "warning", path: ["versions"], message: `version ${version} is not in ${model.path}` });
    }
  }
  for (const [label, version] of model.labels) {
    const message = missing(version, { model, found, wanted });
    if (message !== undefined) findings.push({ severity: "warning", path: ["labels", label], message });
  }
  return findings;
}

/** Labels have been told with their models. */
function routeFindings(config: Config, looks: ReadonlyMap<ModelName, DiskLook>): readonly CheckFinding[] {
  return config.routes.flatMap((route, i) =>
    targetsOf(route).flatMap(({ path, target }): CheckFinding[] => {
      const found = modelOf(route, target, looks);
      const look = (target.pool ?? found?.model.pool ?? LOCAL_POOL) === LOCAL_POOL ? found : undefined;
      if (look?.found === undefined || look.found.length === 0 || target.choice.by !== "version") return [];
      const version = versionOf(target, look.model);
      const message = version === undefined ? undefined : missing(version, look);
      return message === undefined ? [] : [{ severity: "warning", path: ["routes", i, ...path, "version"], message }];
    }),
  );
}

/** Why a version cannot answer; nothing where a specific list leaves it out, which is an error of the configuration itself. */
function missing(version: Version, { model, found = [], wanted }: DiskLook): string | undefined {
  const { versions } = model;
  if (versions.by === "specific" && !versions.versions.includes(version)) return undefined;
  if (!has(found, version)) return `version ${version} of model "${model.name}" is not in ${model.path}`;
  if (has(wanted, version) || versions.by !== "latest") return undefined;
  const served = wanted.map((each) => each.version).join(", ");
  return `version ${version} of model "${model.name}" is not served: { latest: ${versions.count} } is only ${served}`;
}

function has(versions: readonly FoundVersion[], version: Version): boolean {
  return versions.some((each) => each.version === version);
}
