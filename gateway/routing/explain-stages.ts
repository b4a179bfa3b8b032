import { choiceFor, type Target } from "../../config/index.ts";
import { DEFAULT_SIGNATURE, type ModelSpec, modelName, type Version } from "../../core/index.ts";
import type { Servable } from "../call.ts";
import { servableOf } from "./decision.ts";
import type { ExplainedArm, ExplainedTarget } from "./explanation.ts";
import type { Availability } from "./resolve.ts";
import type { Arm, Route, RouteTable } from "./route-table.ts";

/** The version of a servable whose number nobody here can know: the highest one of a model that lies elsewhere. */
export const UNKNOWN_VERSION: Version = -(2n ** 63n) as Version;

/** What the parts of an explanation are made of. */
export interface Surroundings {
  readonly table: RouteTable;
  readonly available: Availability;
  readonly spec: ModelSpec;
}

export function explainedTarget(around: Surroundings, target: Target): ExplainedTarget {
  const { table, available, spec } = around;
  const servable = servableOf(table, available, around, target);
  const choice = choiceFor(target, spec.choice);
  const pool = target.pool ?? servable?.pool;
  return {
    model: target.model ?? spec.name,
    ...(servable === undefined ? { unavailable: whyUnavailable(around, target) } : { version: versionText(servable) }),
    ...(choice.by === "label" ? { label: choice.label } : {}),
    signature: target.signature ?? signatureOf(spec),
    ...(pool === undefined ? {} : { pool }),
  };
}

export function signatureOf({ signature }: ModelSpec): string {
  return signature === "" ? DEFAULT_SIGNATURE : signature;
}

export function versionText({ version }: Servable): string {
  return version === UNKNOWN_VERSION ? "latest" : String(version);
}

/** All arms of the file, those of weight 0 too. */
export function explainedArms(
  around: Surroundings,
  route: Route,
  open: readonly Arm[],
): readonly ExplainedArm[] | undefined {
  const { action } = route.config;
  if (action.by !== "split") return undefined;
  const total = open.reduce((sum, { weight }) => sum + weight, 0);
  return action.arms.map(({ name, weight, target }) => {
    const explained = explainedTarget(around, target);
    const leftOut = weight === 0 ? "its weight is 0" : explained.unavailable;
    const isOpen = open.some((arm) => arm.name === name);
    return {
      name,
      weight,
      share: isOpen ? weight / total : 0,
      target: explained,
      ...(leftOut === undefined ? {} : { leftOut }),
    };
  });
}

function whyUnavailable({ table, available, spec }: Surroundings, target: Target): string {
  const { model, pool } = target;
  const name = modelName(model ?? spec.name);
  const facts = table.models.get(name);
  if (facts === undefined) return `no model is called "${name}"`;
  const wanted = choiceFor(target, spec.choice);
  const where = pool === undefined ? "" : ` in pool ${pool}`;
  if (wanted.by === "label") {
    const version = facts.labels.get(wanted.label);
    return version === undefined
      ? `model "${name}" has no label "${wanted.label}"`
      : `version ${version} is not available${where}`;
  }
  if (wanted.by === "version") return `version ${wanted.version} is not available${where}`;
  const why = { starting: "it is still loading", lost: "its workers are away", failed: "none can be loaded" };
  return `no version of "${name}" is available${where}: ${why[available.outlook(name, pool)]}`;
}
