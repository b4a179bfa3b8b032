import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nestedJson } from "./image.ts";
import { benchModels } from "./models.ts";

/** Of a row of the model `cnn`. */
export const CNN_SHAPE = [32, 32, 3] as const;

/** A row, as `ramp()` of `models.py` makes it. */
export function ramp(): Float32Array {
  return Float32Array.from({ length: CNN_SHAPE[0] * CNN_SHAPE[1] * CNN_SHAPE[2] }, (_, i) => (i % 256) / 256);
}

export function rampAsJson(): string {
  return nestedJson(Array.from(ramp(), String), CNN_SHAPE);
}

/** What the model answers for it. */
export function cnnAnswer(): readonly number[] {
  return (JSON.parse(readFileSync(join(benchModels(), "expected.json"), "utf8")) as { cnn: readonly number[] }).cnn;
}
