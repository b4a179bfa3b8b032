import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder, projectFolder } from "./frame/index.ts";
import { CACHE, tensorflowPython } from "./peers/python.ts";

/** `examples/models/half_plus_two`: y = x / 2 + 2. */
export const HALF_PLUS_TWO: string = join(projectFolder(), "examples/models/half_plus_two");

/** A model that `models.py` writes. */
export function benchModel(name: "image_mean" | "jpeg_mean" | "jpeg_size" | "cnn" | "cnn_input"): string {
  return join(benchModels(), name);
}

/** The folder that `models.py` writes, made when it's missing or the script has changed. */
export function benchModels(): string {
  const script = join(benchFolder(), "models.py");
  const folder = join(CACHE, "models");
  const stamp = join(folder, "script.sha256");
  const wanted = createHash("sha256").update(readFileSync(script)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return folder;
  console.error("writing the models of the benchmarks");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(tensorflowPython(), [script, folder], { stdio: ["ignore", "ignore", "inherit"] });
  writeFileSync(stamp, wanted);
  return folder;
}
