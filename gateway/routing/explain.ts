import { InferenceError } from "../../core/index.ts";
import type { InferenceCall } from "../call.ts";
import { chosenArm, Decision, openArms, unavailable } from "./decision.ts";
import { conditions, misfit, notInPart, stickyName } from "./explain-match.ts";
import { explainedArms, explainedTarget, type Surroundings, signatureOf, versionText } from "./explain-stages.ts";
import {
  type Asked,
  type ExplainedRoute,
  type ExplainedTarget,
  type Explanation,
  PASSED_OVER_SHOWN,
  type PassedOver,
} from "./explanation.ts";
import type { MatchedCall } from "./match.ts";
import { type Availability, resolve } from "./resolve.ts";
import { type Arm, DEFAULT_ARM, type Route, type RouteTable, type Stage } from "./route-table.ts";
import { isPartOf, standing } from "./split.ts";
import { stickyText } from "./sticky.ts";

/** A request that somebody wonders about. */
export interface ExplainQuery extends MatchedCall {
  /** What `inputKey` makes of its body, for routes that stick to it. */
  readonly inputKey?: string | undefined;
}

/**
 * Where a request goes at this moment, and why: one that has been decided already, or one that somebody only asks about.
 * Of the latter nothing is drawn: where chance decides, the arms' shares are told, and a route for a part of the requests is
 * passed over. Looks at each route of the file once; never throws.
 */
export function explain(table: RouteTable, available: Availability, about: ExplainQuery | Decision): Explanation {
  const isDecided = about instanceof Decision;
  const call: ExplainQuery = isDecided ? about.call : about;
  const around: Surroundings = { table, available, spec: call.spec };
  const passedOver: PassedOver[] = [];
  let morePassedOver = 0;
  let route: Route | undefined;
  for (const each of table.routes) {
    if (!each.match.takesModel(call.spec.name)) continue;
    const because = isDecided && each === about.route ? undefined : passed(each, about);
    if (because === undefined) {
      route = each;
      break;
    }
    if (passedOver.length === PASSED_OVER_SHOWN) morePassedOver++;
    else passedOver.push({ name: each.name, place: each.config.place, because });
  }
  const draw = isDecided
    ? { key: about.key, chance: about.chance, method: about.call.method }
    : { key: route && keyOf(route, about) };
  const outcome = route === undefined ? withoutRoute(around) : alongRoute(around, route, draw);
  return { asked: askedOf(call), passedOver, morePassedOver, ...outcome };
}

/** Why a route does not apply. */
function passed(route: Route, about: ExplainQuery | Decision): string | undefined {
  const isDecided = about instanceof Decision;
  const because = misfit(route, isDecided ? about.call : about);
  const { percent } = route.match;
  if (because !== undefined || percent === undefined) return because;
  const key = keyOf(route, about);
  if (key !== undefined && isPartOf(standing(route.name, key), percent)) return undefined;
  return notInPart(route, key !== undefined, isDecided);
}

function keyOf({ sticky }: Route, about: ExplainQuery | Decision): string | undefined {
  if (about instanceof Decision) return stickyText(sticky, about.call);
  return sticky?.by === "input" ? about.inputKey : stickyText(sticky, { ...about, body: {} });
}

function askedOf({ spec, client }: MatchedCall): Asked {
  const { name, choice } = spec;
  return {
    model: name,
    ...(choice.by === "version" ? { version: String(choice.version) } : {}),
    ...(choice.by === "label" ? { label: choice.label } : {}),
    signature: signatureOf(spec),
    ...(client === undefined ? {} : { client }),
  };
}

type Outcome = Pick<Explanation, "route" | "target" | "arm" | "because" | "error">;

function withoutRoute({ table, available, spec }: Surroundings): Outcome {
  const { name, choice } = spec;
  try {
    const servable = resolve(table, available, name, choice);
    const because = {
      latest: "no route applies: the highest version that is available",
      version: "no route applies: the version that the request names",
      label: "no route applies: the version that the request's label stands for",
    }[choice.by];
    const label = choice.by === "label" ? { label: choice.label } : {};
    const pool = servable.pool === undefined ? {} : { pool: servable.pool };
    const target = { model: name, version: versionText(servable), ...label, signature: signatureOf(spec), ...pool };
    return { target, because };
  } catch (thrown) {
    return { because: "no route applies, and what the request names is not available", error: errorOf(thrown) };
  }
}

/** Of a query without a key: no chance. */
interface Draw {
  readonly key: string | undefined;
  readonly chance?: number;
  /** Undefined: Predict. */
  readonly method?: InferenceCall["method"];
}

function alongRoute(around: Surroundings, route: Route, draw: Draw): Outcome {
  const [own, ...others] = route.stages as [Stage, ...Stage[]];
  const open = own.by === "chance" ? openArms(around.table, around.available, around, own.arms) : [];
  const explained = explainedRoute(around, route, open);
  const first = ownTarget(around, route, explained, open, draw);
  if (first !== undefined) return { route: explained, ...first };
  const fallback = firstAvailable(explained.fallback?.to ?? []);
  if (fallback !== undefined) {
    return { route: explained, target: fallback, because: "no target of the route is available: the fallback answers" };
  }
  if (explained.defaultOutputs && (draw.method ?? "Predict") === "Predict") {
    const because = "no target of the route is available: its default outputs answer Predict";
    return { route: explained, arm: DEFAULT_ARM, because };
  }
  const last = others.at(-1) ?? own;
  const error = unavailable(around.table, around.available, around.spec, last);
  return { route: explained, because: "no target of the route is available", error: errorOf(error) };
}

function ownTarget(
  around: Surroundings,
  route: Route,
  { to, chain }: ExplainedRoute,
  open: readonly Arm[],
  { key, chance }: Draw,
): Omit<Outcome, "route"> | undefined {
  if (to !== undefined) {
    const target = firstAvailable(to);
    const because = target === to[0] ? "the route's target" : "the first of the route's targets that is available";
    return target && { target, because };
  }
  if (chain !== undefined) {
    const target = chain.at(-1);
    if (target === undefined || chain.some(({ unavailable }) => unavailable !== undefined)) return undefined;
    return { target, because: "the last step of the route's chain" };
  }
  if (open.length === 0) return undefined;
  const isSure = key !== undefined || chance !== undefined || open.length === 1;
  const arm = isSure ? chosenArm(open, { key, chance: chance ?? 0 }) : undefined;
  if (arm === undefined) return { because: "chance decides among the arms" };
  const { sticky } = route;
  const because =
    open.length === 1
      ? "the only arm that is available"
      : key !== undefined && sticky !== undefined
        ? `${stickyName(sticky)} ties the request to this arm`
        : "chance has chosen this arm";
  return { target: explainedTarget(around, arm.target), arm: arm.name, because };
}

function firstAvailable(targets: readonly ExplainedTarget[]): ExplainedTarget | undefined {
  return targets.find(({ unavailable }) => unavailable === undefined);
}

function explainedRoute(around: Surroundings, route: Route, open: readonly Arm[]): ExplainedRoute {
  const { config } = route;
  const { action, fallback, ramp, sticky } = config;
  const [own] = route.stages;
  const target = (each: Parameters<typeof explainedTarget>[1]): ExplainedTarget => explainedTarget(around, each);
  const split = explainedArms(around, route, open);
  return {
    name: route.name,
    place: config.place,
    because: conditions(route),
    ...(action.by === "to" ? { to: action.targets.map(target) } : {}),
    ...(split === undefined ? {} : { split }),
    ...(own?.by === "chain" ? { chain: own.steps.map((step) => target(step.target)) } : {}),
    ...(sticky === undefined ? {} : { sticky: stickyName(sticky) }),
    ...(fallback === undefined
      ? {}
      : {
          fallback: {
            to: fallback.to.map(target),
            on: fallback.on,
            ...(fallback.afterMs === undefined ? {} : { afterMs: fallback.afterMs }),
          },
        }),
    shadows: config.shadows.map((shadow) => ({ target: target(shadow.target), percent: shadow.percent })),
    responseHeaders: Object.fromEntries(config.responseHeaders),
    defaultOutputs: config.defaultOutputs !== undefined,
    ...(ramp === undefined || action.by !== "split" ? {} : { ramp: explainedRamp(ramp, action.arms) }),
  };
}

function explainedRamp(
  { arm, baseline, steps }: NonNullable<Route["config"]["ramp"]>,
  arms: readonly { readonly name: string; readonly weight: number }[],
): NonNullable<ExplainedRoute["ramp"]> {
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const weight = arms.find(({ name }) => name === arm)?.weight ?? 0;
  return {
    arm,
    ...(baseline === undefined ? {} : { baseline }),
    percent: total === 0 ? 0 : (weight / total) * 100,
    steps: steps.map(({ percent, forMs }) => (forMs === undefined ? { percent } : { percent, forMs })),
  };
}

function errorOf(thrown: unknown): NonNullable<Explanation["error"]> {
  const { code, message } = InferenceError.from(thrown, "gateway");
  return { code, message };
}
