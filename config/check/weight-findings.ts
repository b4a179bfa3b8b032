import type { Config } from "../schema/config.ts";
import type { CheckFinding } from "./finding.ts";

/** So far from 100 numbers may add up to be taken for percentages with a slip. */
const SLIP = 5;

/** Weights that look like percentages, and don't add up. Those of a ramp are its own affair. */
export function weightFindings({ routes, http }: Pick<Config, "routes" | "http">): CheckFinding[] {
  return [
    ...routes.flatMap(({ action, ramp }, i) => {
      const arms = action.by === "split" && ramp === undefined ? action.arms : [];
      return slip(arms, ["routes", i, "split"]);
    }),
    ...http.flatMap(({ arms }, i) => slip(arms, ["http", i, "split"])),
  ];
}

function slip(arms: readonly { readonly weight: number }[], path: CheckFinding["path"]): CheckFinding[] {
  const weights = arms.map(({ weight }) => weight);
  const sum = Number(weights.reduce((total, weight) => total + weight, 0).toFixed(6));
  const areEqual = weights.every((weight) => weight === weights[0]);
  if (areEqual || sum === 100 || Math.abs(sum - 100) > SLIP) return [];
  const message = `the weights add up to ${sum}: if percentages are meant, write them as such, like "${weights[0]}%"`;
  return [{ severity: "warning", path, message }];
}
