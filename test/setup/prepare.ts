import { execFileSync } from "node:child_process";
import { preparePython, pythonTensorFlow } from "./python.ts";

/**
 * Before the first test: `dist/` holds what the sources say, since tests fork real workers from it, and there is a
 * TensorFlow: that of the Python client, so that it's fetched once, unless the environment names another.
 */
export default function prepare(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
  preparePython();
  process.env["TENSORGATE_TENSORFLOW"] ??= pythonTensorFlow();
}
