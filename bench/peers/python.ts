import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder, whereIs } from "../frame/index.ts";

/** What benchmarks fetch and make, and keep. */
export const CACHE: string = join(projectFolder(), ".bench");

/** The TensorFlow that the product itself fetches, so that both sides run the same kernels. */
export const TENSORFLOW = "tensorflow-cpu==2.21.0";

/**
 * The interpreter of a virtual environment with these packages, which is made when it's missing or holds others. pip takes
 * them from the machine's own index. What another environment's interpreter `base` has need not be installed once more.
 */
export function pythonWith(name: string, packages: readonly string[], base?: string): string {
  const folder = join(CACHE, name);
  const stamp = join(folder, "installed.txt");
  const wanted = packages.join("\n");
  const python = join(folder, "bin/python");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  if (whereIs("python3") === undefined)
    throw new Error("python3 is missing: install it, with venv, and run this again");
  console.error(`installing ${packages.join(" ")}`);
  rmSync(folder, { recursive: true, force: true });
  run(base ?? "python3", "-m", "venv", folder);
  if (base !== undefined) writeFileSync(join(sitePackages(python), "base.pth"), `${sitePackages(base)}\n`);
  run(python, "-m", "pip", "install", "--quiet", ...packages);
  writeFileSync(stamp, wanted);
  return python;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
}

/** A Python with TensorFlow: the one that `TENSORGATE_BENCH_PYTHON` names, else one of our own. */
export function tensorflowPython(): string {
  return process.env["TENSORGATE_BENCH_PYTHON"] ?? pythonWith("tensorflow", [TENSORFLOW]);
}

/** The `tensorflow` package folder of such a Python. */
export function tensorflowFolder(python: string): string {
  return join(sitePackages(python), "tensorflow");
}

function sitePackages(python: string): string {
  const lib = join(python, "../../lib");
  const [version = ""] = readdirSync(lib).filter((name) => name.startsWith("python3"));
  return join(lib, version, "site-packages");
}
