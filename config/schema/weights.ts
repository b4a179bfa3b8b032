import type { z } from "zod";
import type { RampConfig } from "./ramp.ts";
import { scalar } from "./scalar.ts";
import { number, percent } from "./units.ts";

/** A weight as it is written: percents have to add up. */
export interface Weight {
  readonly value: number;
  readonly isPercent: boolean;
}

export function weight(): z.ZodType<Weight> {
  const shape = {
    anyOf: [
      { type: "number", minimum: 0 },
      { type: "string", pattern: "^\\d+(\\.\\d+)?%$" },
    ],
  };
  const [plain, share] = [number(0), percent()];
  return scalar("a number, at least 0, or a percentage like 5%", shape, (value) => {
    const isPercent = typeof value === "string";
    const parsed = (isPercent ? share : plain).safeParse(value);
    return parsed.success ? { value: parsed.data, isPercent } : undefined;
  });
}

/** Refuses names that stand twice; answers where each stands first. */
export function checkNames(
  key: string,
  entries: readonly { readonly name: string }[],
  wrong: Wrong,
): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [i, { name }] of entries.entries()) {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, i);
    else wrong(`is called "${name}" as ${key}[${earlier}] is: give one of them a name`, key, i);
  }
  return first;
}

export type Wrong = (message: string, ...path: PropertyKey[]) => void;

/** Names and weights of a split. `wrong` takes paths from what has the key `split`. */
export function checkArms(
  split: readonly { readonly name: string; readonly weight?: Weight | undefined }[],
  ramp: RampConfig | undefined,
  wrong: Wrong,
): void {
  const first = checkNames("split", split, wrong);
  for (const [i, { weight }] of split.entries()) {
    if (weight === undefined && ramp === undefined) wrong("is missing", "split", i, "weight");
  }
  for (const key of ["arm", "baseline"] as const) {
    const name = ramp?.[key];
    if (name !== undefined && !first.has(name)) {
      wrong(`no arm is called "${name}", expected one of ${[...first.keys()].join(", ")}`, "ramp", key);
    }
  }
  if (ramp !== undefined && split.length < 2) wrong("expected at least one arm beside the ramp's", "split");
  if (ramp !== undefined && ramp.baseline === ramp.arm)
    wrong("expected another arm than the ramp's own", "ramp", "baseline");

  const weights = split.filter(({ name }) => name !== ramp?.arm).flatMap(({ weight }) => weight ?? []);
  const percents = weights.filter(({ isPercent }) => isPercent);
  const sum = percents.reduce((total, { value }) => total + value, 0);
  if (percents.length > 0 && percents.length < weights.length)
    wrong("expected either numbers or percentages as weights", "split");
  else if (percents.length > 0 && ramp === undefined && Math.abs(sum - 100) > 1e-9) {
    wrong(`the percentages add up to ${Number(sum.toFixed(6))}%, expected 100%`, "split");
  }
  if (ramp === undefined && !split.some(({ weight }) => weight === undefined || weight.value > 0)) {
    wrong("expected at least one weight over 0", "split");
  }
}
