import { choiceFor, type Target } from "../../config/index.ts";
import { deadlineIn, type InferenceError, type ModelName, type ModelSpec, modelName } from "../../core/index.ts";
import type { InferenceCall, RoutedCall, Servable } from "../call.ts";
import { renamedBody } from "../renamed-body.ts";
import { type Availability, noTarget, notAsAsked } from "./resolve.ts";
import { findRoute } from "./route-index.ts";
import type { Arm, Route, RouteTable, Stage } from "./route-table.ts";
import { armByChance, armByKey, isPartOf, standing } from "./split.ts";
import { stickyText } from "./sticky.ts";

/** That a route applies to a call. Chance is drawn once, so that a call that is sent again keeps its arm. */
export class Decision {
  readonly call: InferenceCall;
  readonly route: Route;
  /** What ties the call to its arm; undefined: chance. */
  readonly key: string | undefined;
  /** In [0, 1). */
  readonly chance: number;
  readonly #renamed = new Map<string, InferenceCall>();

  constructor(call: InferenceCall, route: Route, key: string | undefined, chance: number) {
    this.call = call;
    this.route = route;
    this.key = key;
    this.chance = chance;
  }

  /** The same, with no more time than this. */
  within(timeoutMs: number): Decision {
    const { call, route, key, chance } = this;
    const deadline = Math.min(call.deadline, deadlineIn(timeoutMs));
    return new Decision({ ...call, deadline }, route, key, chance);
  }

  /** The call as it is for a target that runs another model or signature; the same object each time. */
  callFor(name: ModelName, signature: string | undefined): InferenceCall {
    const { call } = this;
    const { spec, body } = call;
    if (name === spec.name && (signature === undefined || signature === spec.signature)) return call;
    const key = JSON.stringify([name, signature]);
    const known = this.#renamed.get(key);
    if (known !== undefined) return known;
    const renamed: InferenceCall = {
      ...call,
      spec: { ...spec, name, signature: signature ?? spec.signature },
      body: signature === undefined ? body : renamedBody(body, signature),
    };
    this.#renamed.set(key, renamed);
    return renamed;
  }
}

/** The first route that applies to the call; undefined when none does. `random` gives numbers in [0, 1). */
export function decide(
  table: RouteTable,
  call: InferenceCall,
  random: () => number = Math.random,
): Decision | undefined {
  if (table.routes.length === 0) return undefined;
  const { name } = call.spec;
  const isInPart = (route: Route): boolean => {
    const { percent } = route.match;
    if (percent === undefined) return true;
    const key = stickyText(route.sticky, call);
    return isPartOf(key === undefined ? random() : standing(route.name, key), percent);
  };
  const indexes = table.models.get(name)?.routes ?? table.routesByModel.find(name);
  let route: Route | undefined;
  for (const index of indexes) route = findRoute(index, call, isInPart, route);
  return route && new Decision(call, route, stickyText(route.sticky, call), random());
}

/** Where a stage sends the call at this moment. Throws as `noTarget` tells when no target of it is available. */
export function routeStage(
  table: RouteTable,
  available: Availability,
  decision: Decision,
  stage: Exclude<Stage, { by: "chain" }>,
): RoutedCall {
  const routed =
    stage.by === "first"
      ? firstOf(table, available, decision, stage)
      : byWeight(table, available, decision, stage.arms);
  if (routed !== undefined) return routed;
  throw unavailable(table, available, decision.call.spec, stage);
}

/** One target; undefined unless it is available. */
export function routeTarget(
  table: RouteTable,
  available: Availability,
  decision: Decision,
  target: Target,
  arm: string,
): RoutedCall | undefined {
  const servable = servableOf(table, available, decision.call, target);
  return (
    servable && { call: decision.callFor(servable.name, target.signature), target: servable, arm, key: decision.key }
  );
}

/** The version that a target stands for; undefined unless it is available. */
export function servableOf(
  { models }: RouteTable,
  available: Availability,
  { spec }: Pick<InferenceCall, "spec">,
  target: Target,
): Servable | undefined {
  const name = target.model ?? spec.name;
  const facts = models.get(name);
  if (facts === undefined) return undefined;
  const choice = choiceFor(target, spec.choice);
  switch (choice.by) {
    case "latest":
      return available.latest(name, target.pool);
    case "version":
      return available.servable(name, choice.version, target.pool);
    case "label": {
      const version = facts.labels.get(choice.label);
      return version === undefined ? undefined : available.servable(name, version, target.pool);
    }
  }
}

/** The arms that can be chosen at this moment. */
export function openArms(
  table: RouteTable,
  available: Availability,
  call: Pick<InferenceCall, "spec">,
  arms: readonly Arm[],
): readonly Arm[] {
  return arms.filter((arm) => servableOf(table, available, call, arm.target) !== undefined);
}

export function chosenArm(arms: readonly Arm[], { key, chance }: Pick<Decision, "key" | "chance">): Arm | undefined {
  return key === undefined ? armByChance(arms, chance) : armByKey(arms, key);
}

function firstOf(
  table: RouteTable,
  available: Availability,
  decision: Decision,
  { targets, arm }: Extract<Stage, { by: "first" }>,
): RoutedCall | undefined {
  for (const target of targets) {
    const routed = routeTarget(table, available, decision, target, arm);
    if (routed !== undefined) return routed;
  }
  return undefined;
}

function byWeight(
  table: RouteTable,
  available: Availability,
  decision: Decision,
  arms: readonly Arm[],
): RoutedCall | undefined {
  const arm = chosenArm(openArms(table, available, decision.call, arms), decision);
  return arm && routeTarget(table, available, decision, arm.target, arm.name);
}

/** What a call of this spec fails with while no target of the stage is available. */
export function unavailable(table: RouteTable, available: Availability, spec: ModelSpec, stage: Stage): InferenceError {
  const targets =
    stage.by === "first"
      ? stage.targets
      : (stage.by === "chance" ? stage.arms : stage.steps).map(({ target }) => target);
  const asked = targets.map(({ model = spec.name, pool }) => ({ model, pool }));
  // Of several models the one that may come tells most.
  const { model, pool } = asked.find(
    (each) => table.models.has(each.model) && available.outlook(each.model, each.pool) !== "failed",
  ) ??
    asked[0] ?? { model: spec.name, pool: undefined };
  const isAsAsked = spec.choice.by !== "latest" && targets.every(({ choice }) => choice.by === "asked");
  return isAsAsked
    ? notAsAsked(table, available, modelName(model), spec.choice, pool)
    : noTarget(available, modelName(model), spec.choice, pool);
}
