import { type Config, parseConfigText, type RampConfig } from "../../../config/index.ts";
import { LATENCY_BOUNDS_SECONDS } from "../../../gateway/observe/index.ts";
import type { ArmReport } from "../../../gateway/ramps/report.ts";

/** A configuration with one route whose arm `new` grows; `ramp` replaces parts of its ramp, `more` is written behind it. */
export function configWith(ramp: Record<string, unknown> = {}, route: Record<string, unknown> = {}): Config {
  const written = {
    models: [{ name: "m", path: "/m", labels: { stable: 1, canary: 2 } }],
    routes: [
      {
        name: "canary",
        match: { model: "m" },
        split: [
          { name: "old", label: "stable", weight: 1 },
          { name: "new", label: "canary" },
        ],
        ramp: {
          arm: "new",
          steps: [{ percent: "5%", for: "10m" }, { percent: "50%", for: "10m" }, { percent: "100%" }],
          ...ramp,
        },
        ...route,
      },
    ],
  };
  return parseConfigText(JSON.stringify(written), "test.yaml");
}

export function rampWith(ramp: Record<string, unknown> = {}): RampConfig {
  return configWith(ramp).routes[0]?.ramp as RampConfig;
}

/** Calls that an arm has had, all of which took so long. */
export interface Had {
  readonly requests: number;
  readonly errors?: number;
  readonly refusals?: number;
  readonly ms?: number;
}

/** What a gateway has counted of the route `canary`. */
export function reportOf(arms: Readonly<Record<string, Had>>, unavailable: readonly string[] = []): ArmReport {
  return {
    figures: Object.entries(arms).map(([arm, { requests, errors = 0, refusals = 0, ms = 10 }]) => {
      const latencyBuckets = [...LATENCY_BOUNDS_SECONDS, Number.POSITIVE_INFINITY].map(() => 0);
      latencyBuckets[LATENCY_BOUNDS_SECONDS.findIndex((bound) => ms / 1000 <= bound)] = requests;
      return { route: "canary", arm, requests, errors, refusals, latencyBuckets };
    }),
    unavailable,
  };
}
