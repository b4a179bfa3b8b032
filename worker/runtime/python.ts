import { execFile } from "node:child_process";

/** Folders of packages that a Python would import. */
export interface PythonPackages {
  readonly tensorflow: readonly string[];
  readonly nvidia: readonly string[];
}

// Finds without importing, which would take seconds. "" on the path is the current folder, which may hold anything.
const PROBE = `
import importlib.util, json, sys
sys.path = [p for p in sys.path if p]
def at(name):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        spec = None
    return list(spec.submodule_search_locations or []) if spec else []
print(json.dumps({"tensorflow": at("tensorflow"), "nvidia": at("nvidia")}))
`;
const PROBE_TIMEOUT_MS = 10_000;

/** Asks the machine's Python; nothing when there is none or it does not answer. */
export async function pythonPackages(env: NodeJS.ProcessEnv): Promise<PythonPackages> {
  for (const program of ["python3", "python"]) {
    const answer = await run(program, ["-c", PROBE], env);
    if (answer !== undefined) return JSON.parse(answer) as PythonPackages;
  }
  return { tensorflow: [], nvidia: [] };
}

/** stdout of a program; undefined when it is missing, fails or takes too long. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: PROBE_TIMEOUT_MS }, (error, stdout) => resolve(error ? undefined : stdout));
  });
}
