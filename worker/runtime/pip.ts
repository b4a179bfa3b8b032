import { spawn } from "node:child_process";
import { NoRuntimeError } from "./runtime.ts";
import type { Wheel } from "./wheels.ts";

/**
 * The proxy that stands between this machine and an index, if any. Node's fetch does not use one unless it is told to (NODE_USE_ENV_PROXY,
 * newer Nodes), and pip does.
 */
export function proxyFor(url: string, env: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname } = new URL(url);
  if (env["NODE_USE_ENV_PROXY"] === "1") return undefined;
  const scheme = protocol === "http:" ? "http" : "https";
  const proxy = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`, "all_proxy", "ALL_PROXY"]
    .map((key) => env[key])
    .find(Boolean);
  const exempt = (env["no_proxy"] || env["NO_PROXY"] || "").split(",").map((host) => host.trim().replace(/^\*?\./, ""));
  const direct = exempt.some(
    (host) => host === "*" || (host !== "" && (hostname === host || hostname.endsWith(`.${host}`))),
  );
  return direct ? undefined : proxy;
}

/** Lets pip fetch a wheel into a folder; what pip prints goes to stderr. Throws NoRuntimeError when there is no pip or it fails. */
export async function pipDownload(
  wheel: Wheel,
  into: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  const [, , python = "", abi = "", platform = ""] = wheel.file.replace(/\.whl$/, "").split("-");
  const target = [
    "--only-binary=:all:",
    "--implementation=cp",
    `--python-version=${python.replace("cp", "")}`,
    `--abi=${abi}`,
    `--platform=${platform}`,
  ];
  const args = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--no-cache-dir",
    "--dest",
    into,
    ...target,
    `${wheel.project}==${wheel.version}`,
  ];
  const code = await new Promise<number | undefined>((resolve, reject) => {
    const child = spawn("python3", args, { env, stdio: ["ignore", 2, 2], ...(signal ? { signal } : {}) });
    child.on("error", (error) => (signal?.aborted ? reject(error) : resolve(undefined)));
    child.on("close", (status) => resolve(status ?? 1));
  });
  if (code === 0) return;
  const what = code === undefined ? "Python with pip is not there to do it" : "pip could not either, see above";
  throw new NoRuntimeError(
    `A proxy is set (HTTPS_PROXY), which Node's own fetch does not use, and ${what}. Fetch ${wheel.file} by other means and name it in TENSORGATE_TENSORFLOW.`,
  );
}
