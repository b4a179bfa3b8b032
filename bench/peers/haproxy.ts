import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cores, freePort, scratchFolder, start, versionOf } from "../frame/index.ts";
import { accepting, type GrpcProxy } from "./grpc-proxy.ts";
import { program } from "./programs.ts";

/** HAProxy with one thread, passing HTTP/2 on to `worker`: `unix:/path` or `host:port`. */
export function startHaproxy(worker: string, cores: Cores): Promise<GrpcProxy> {
  return runHaproxy(
    (port) => `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend clients
  bind 127.0.0.1:${port} proto h2
  default_backend worker
backend worker
  server worker ${worker.replace(/^unix:/, "unix@")} proto h2
`,
    cores.proxy,
  );
}

/** HAProxy with one thread; `settings` for its port go on from the global ones. */
export async function runHaproxy(settings: (port: number) => string, core: Cores["proxy"]): Promise<GrpcProxy> {
  const haproxy = program("haproxy");
  const config = join(scratchFolder(), "haproxy.cfg");
  const port = await freePort();
  writeFileSync(
    config,
    `global
  nbthread 1
  maxconn 4096
${settings(port)}`,
  );
  const running = start(haproxy, ["-db", "-f", config], { core });
  return await accepting(running, { name: "HAProxy", version: versionOf(haproxy, "-v"), port });
}
