import { expect, test } from "vitest";
import { atFirstStep, baselineOf, type RampRoute, weighed } from "../../../gateway/ramps/weights.ts";
import { compileRoutes } from "../../../gateway/routing/index.ts";
import { armByKey } from "../../../gateway/routing/split.ts";
import { configWith } from "./setup.ts";

function routeWith(split: readonly Record<string, unknown>[], ramp: Record<string, unknown> = {}): RampRoute {
  return configWith(ramp, { split }).routes[0] as RampRoute;
}

const THREE = [
  { name: "a", version: 1, weight: 3 },
  { name: "new", version: 2 },
  { name: "b", version: 3, weight: 1 },
];

for (const { name, split, percent, want } of [
  { name: "the others share the rest by their weights", split: THREE, percent: 20, want: [60, 20, 20] },
  { name: "an arm without a percent gets nothing", split: THREE, percent: 0, want: [75, 0, 25] },
  { name: "an arm with all leaves nothing", split: THREE, percent: 100, want: [0, 100, 0] },
  {
    name: "others without any weight share alike",
    split: THREE.map((arm) => (arm.name === "new" ? arm : { ...arm, weight: 0 })),
    percent: 40,
    want: [30, 40, 30],
  },
]) {
  test(name, () => {
    expect(weighed(routeWith(split), percent).action.arms.map(({ weight }) => weight)).toEqual(want);
  });
}

test("without its gateway a ramp is told of as at its first step, and other routes as they are", () => {
  const config = configWith();
  const plain = { ...config, routes: config.routes.map((route) => ({ ...route, ramp: undefined })) };
  expect(atFirstStep(plain).routes).toEqual(plain.routes);
  expect((atFirstStep(config).routes[0] as RampRoute).action.arms.map(({ weight }) => weight)).toEqual([95, 5]);
});

test("a client that has come to the arm stays with it in all later steps", () => {
  const route = routeWith(THREE);
  const armsAt = (percent: number): readonly (string | undefined)[] => {
    const [table] = compileRoutes({ models: [], routes: [weighed(route, percent)] }).routes;
    const stage = table?.stages[0];
    const arms = stage?.by === "chance" ? stage.arms : [];
    return Array.from({ length: 2000 }, (_, client) => armByKey(arms, `client-${client}`)?.name);
  };
  let before = armsAt(0);
  for (const percent of [5, 20, 60, 100]) {
    const now = armsAt(percent);
    const moved = now.filter((arm, i) => arm !== before[i]);
    expect(new Set(moved)).toEqual(new Set(["new"]));
    const share = now.filter((arm) => arm === "new").length / now.length;
    expect(Math.abs(share - percent / 100)).toBeLessThan(0.05);
    before = now;
  }
});

test("the baseline is the arm that is named, or the heaviest of the others", () => {
  expect(baselineOf(routeWith(THREE))).toBe("a");
  expect(baselineOf(routeWith(THREE, { baseline: "b" }))).toBe("b");
});
