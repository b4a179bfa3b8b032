import { isDeepStrictEqual } from "node:util";
import type { Version } from "../../core/index.ts";
import type { Path } from "../config-error.ts";
import { didYouMean } from "../nearest.ts";
import type { Config } from "../schema/config.ts";
import type { ModelConfig } from "../schema/models.ts";
import type { RouteConfig } from "../schema/routes.ts";
import type { Target } from "../schema/target.ts";
import { takerOf } from "../schema/text-match.ts";
import type { CheckFinding } from "./finding.ts";
import { obeysVersions } from "./model-findings.ts";

/** What is odd about one route, whatever the others say. */
export function routeFindings(config: Config): CheckFinding[] {
  const models = new Map<string, ModelConfig>(config.models.map((model) => [model.name, model]));
  const obeys = obeysVersions(config);
  return config.routes.flatMap((route, i) =>
    [
      ...partFindings(route),
      ...headerFindings(route),
      ...fallbackFindings(route),
      ...targetFindings(route, models, obeys),
      ...clientFindings(route, config),
    ].map(({ path, ...others }) => ({ ...others, path: ["routes", i, ...path] })),
  );
}

/** 0% is how a route or a shadow is turned off for a while. */
function partFindings({ match, shadows }: RouteConfig): CheckFinding[] {
  const findings: CheckFinding[] = [];
  if (match.percent === 0) {
    findings.push({ severity: "warning", path: ["match", "percent"], message: "0%: the route applies to no request" });
  }
  for (const [i, { percent }] of shadows.entries()) {
    if (percent !== 0) continue;
    findings.push({ severity: "warning", path: ["shadow", i, "percent"], message: "0%: nothing is copied" });
  }
  return findings;
}

function headerFindings({ match, sticky }: RouteConfig): CheckFinding[] {
  const tying = sticky?.by === "header" ? [{ name: sticky.name, path: ["sticky", "header"] }] : [];
  const wanted = [...match.headers.keys()].map((name) => ({ name, path: ["match", "headers", name] }));
  const message = "over gRPC metadata of such a name is bytes, which routes don't look at";
  return [...wanted, ...tying].flatMap(({ name, path }): CheckFinding[] =>
    name.endsWith("-bin") ? [{ severity: "warning", path, message }] : [],
  );
}

function fallbackFindings({ action, fallback, match }: RouteConfig): CheckFinding[] {
  if (fallback === undefined) return [];
  const model = match.model?.by === "exact" ? match.model.value : undefined;
  const whole = (target: Target): object => ({ ...target, model: target.model ?? model });
  const asked = [ownTarget(action)].filter((target) => target !== undefined).map(whole);
  const findings: CheckFinding[] = [];
  for (const [i, target] of fallback.to.entries()) {
    if (asked.some((each) => isDeepStrictEqual(each, whole(target)))) {
      const message = "repeats a target that has been asked before it";
      findings.push({ severity: "warning", path: ["fallback", i], message });
    }
    asked.push(whole(target));
  }
  if (fallback.afterMs !== undefined && !fallback.on.includes("DEADLINE_EXCEEDED")) {
    const message = "cuts a target short with no other to follow: timeout is none of on";
    findings.push({ severity: "warning", path: ["fallback", "after"], message });
  }
  return findings;
}

/** The only target that can have failed when the fallback is asked. */
function ownTarget(action: RouteConfig["action"]): Target | undefined {
  if (action.by === "to") return action.targets[0];
  return action.by === "split" && action.arms.length === 1 ? action.arms[0]?.target : undefined;
}

function targetFindings(
  route: RouteConfig,
  models: ReadonlyMap<string, ModelConfig>,
  obeys: (pool: string | undefined) => boolean,
): CheckFinding[] {
  return targetsOf(route).flatMap(({ path, target }) => {
    const model = modelOf(route, target, models);
    const version = model && versionOf(target, model);
    if (model === undefined || version === undefined || !obeys(target.pool ?? model.pool)) return [];
    const { versions } = model;
    if (versions.by !== "specific" || versions.versions.includes(version)) return [];
    const message = `version ${version} of model "${model.name}" is never served: its versions name others`;
    return [{ severity: "error", path, message }];
  });
}

function clientFindings({ match, action, sticky }: RouteConfig, { clients }: Config): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const names = clients.map(({ name }) => name);
  if (match.client !== undefined && !names.some(takerOf(match.client))) {
    if (match.client.by !== "present" || match.client.is) {
      const hint = match.client.by === "exact" ? didYouMean(match.client.value, names) : "";
      const message = `none of clients is called so: the route applies to nobody${hint}`;
      findings.push({ severity: "error", path: ["match", "client"], message });
    }
  }
  if (sticky?.by === "client" && clients.length === 0 && action.by === "split") {
    const message = "ties nobody: clients names none";
    findings.push({ severity: "warning", path: ["sticky", "client"], message });
  }
  return findings;
}

/** Everything that a route may send a call to, by where it stands. */
export function targetsOf({ action, fallback, shadows }: RouteConfig): readonly { path: Path; target: Target }[] {
  const own =
    action.by === "to"
      ? action.targets.map((target, i) => ({ path: ["to", i], target }))
      : action.by === "split"
        ? action.arms.map(({ target }, i) => ({ path: ["split", i], target }))
        : action.steps.map(({ target }, i) => ({ path: ["chain", i], target }));
  const others = (fallback?.to ?? []).map((target, i) => ({ path: ["fallback", i], target }));
  return [...own, ...others, ...shadows.map(({ target }, i) => ({ path: ["shadow", i], target }))];
}

/** The model that a target of the route runs, where that is known. */
export function modelOf<M>({ match }: RouteConfig, { model }: Target, models: ReadonlyMap<string, M>): M | undefined {
  const name = model ?? (match.model?.by === "exact" ? match.model.value : undefined);
  return name === undefined ? undefined : models.get(name);
}

/** The version that a target names, by number or label. */
export function versionOf({ choice }: Target, { labels }: ModelConfig): Version | undefined {
  if (choice.by === "version") return choice.version;
  return choice.by === "label" ? labels.get(choice.label) : undefined;
}
