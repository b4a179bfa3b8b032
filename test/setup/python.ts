import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDER = join(ROOT, ".venv");
const STAMP = join(FOLDER, "installed.txt");
const REQUIREMENTS = join(ROOT, "test/clients/python/requirements.txt");
/** Its own requirement is `tensorflow`, which would bring a second TensorFlow beside `tensorflow-cpu`. */
const SERVING_API = "tensorflow-serving-api==2.21.0";

/** The interpreter of the suite's virtual environment. */
export const PYTHON: string = join(FOLDER, "bin/python");

/** Makes the virtual environment with TensorFlow's Python client, once; the packages come from the machine's own index. */
export function preparePython(): void {
  const wanted = `${readFileSync(REQUIREMENTS, "utf8")}${SERVING_API}\n`;
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  console.log("making .venv with TensorFlow's Python client (once, a few minutes)");
  rmSync(FOLDER, { recursive: true, force: true });
  run("python3", "-m", "venv", FOLDER);
  run(PYTHON, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS);
  run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", SERVING_API);
  writeFileSync(STAMP, wanted);
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
}

/** The `tensorflow` package folder inside the virtual environment. */
export function pythonTensorFlow(): string {
  const lib = join(FOLDER, "lib");
  const [python] = readdirSync(lib).filter((name) => name.startsWith("python3"));
  if (python === undefined) throw new Error(`${lib} holds no python3 folder`);
  return join(lib, python, "site-packages/tensorflow");
}
