import type { Config, RampConfig, RouteConfig, SplitArm } from "../../config/index.ts";

/** A route that has a ramp. */
export interface RampRoute extends RouteConfig {
  readonly action: Extract<RouteConfig["action"], { by: "split" }>;
  readonly ramp: RampConfig;
}

export function hasRamp(route: RouteConfig): route is RampRoute {
  return route.ramp !== undefined && route.action.by === "split";
}

/** The route with its arm at so many percent; the others share the rest by their weights, alike if they have none. */
export function weighed(route: RampRoute, percent: number): RampRoute {
  const { arms } = route.action;
  const others = arms.filter(({ name }) => name !== route.ramp.arm);
  const sum = others.reduce((total, { weight }) => total + weight, 0);
  const rest = 100 - percent;
  const weightOf = ({ name, weight }: SplitArm): number => {
    if (name === route.ramp.arm) return percent;
    return sum > 0 ? (rest * weight) / sum : rest / others.length;
  };
  return { ...route, action: { by: "split", arms: arms.map((arm) => ({ ...arm, weight: weightOf(arm) })) } };
}

/** The configuration with each ramp's arm at so many percent. */
export function withPercents(config: Config, percentOf: (route: RampRoute) => number): Config {
  return {
    ...config,
    routes: config.routes.map((route) => (hasRamp(route) ? weighed(route, percentOf(route)) : route)),
  };
}

/** As it is where a ramp has not begun: what can be told of a configuration without its gateway. */
export function atFirstStep(config: Config): Config {
  return withPercents(config, ({ ramp }) => ramp.steps[0]?.percent ?? 0);
}

/** The name of the arm that the ramp's is held against: the one that it names, or the heaviest of the others. */
export function baselineOf({ action, ramp }: RampRoute): string {
  if (ramp.baseline !== undefined) return ramp.baseline;
  const [first, ...others] = action.arms.filter(({ name }) => name !== ramp.arm);
  return others.reduce((heaviest, arm) => (arm.weight > (heaviest?.weight ?? 0) ? arm : heaviest), first)?.name ?? "";
}
