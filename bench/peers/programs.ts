import { execFileSync } from "node:child_process";
import { whereIs } from "../frame/index.ts";

/** Programs that benchmarks call, and the Debian packages that bring them. */
const PACKAGES = { wrk: "wrk", h2load: "nghttp2-client", nginx: "nginx", haproxy: "haproxy" } as const;

export type Program = keyof typeof PACKAGES;

/**
 * The path of a program, which is installed first when it's missing, this is Debian and the user may do that. Throws an
 * error that says what to install otherwise.
 */
export function program(name: Program): string {
  return whereIs(name) ?? installed(name);
}

function installed(name: Program): string {
  const wanted = PACKAGES[name];
  if (process.getuid?.() !== 0 || whereIs("apt-get") === undefined) {
    throw new Error(`${name} is missing: install it (Debian: apt-get install ${wanted}) and run this again`);
  }
  console.error(`installing ${wanted}`);
  aptGet("update");
  aptGet("install", "-y", "--no-install-recommends", wanted);
  const path = whereIs(name);
  if (path === undefined) throw new Error(`${wanted} was installed, but there is no ${name}`);
  return path;
}

function aptGet(...args: readonly string[]): void {
  execFileSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    // Of a server's package only the program is wanted: nothing of it is started.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", NEEDRESTART_SUSPEND: "1" },
  });
}
