import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cores, freePort, scratchFolder, start, versionOf } from "../frame/index.ts";
import { accepting, type GrpcProxy } from "./grpc-proxy.ts";
import { program } from "./programs.ts";

/** nginx with one worker process, passing gRPC on to `worker`: `unix:/path` or `host:port`. */
export function startNginx(worker: string, cores: Cores): Promise<GrpcProxy> {
  return runNginx(worker, cores, { listen: "http2", location: "grpc_pass grpc://up;" });
}

/** nginx with one worker process in front of the server `up`; `location` says how it passes requests on. */
export async function runNginx(
  up: string,
  cores: Cores,
  { listen = "", location }: { readonly listen?: string; readonly location: string },
): Promise<GrpcProxy> {
  const nginx = program("nginx");
  const folder = scratchFolder();
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (of) => `${of}_temp_path ${folder}/${of};`,
  );
  writeFileSync(
    config,
    `daemon off;
# A master and a worker would be two processes to measure.
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.join("\n  ")}
  # A body that doesn't fit would go through a file.
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  upstream up { server ${up}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} ${listen};
    location / { ${location} }
  }
}
`,
  );
  const running = start(nginx, ["-p", folder, "-c", config], { core: cores.proxy });
  return await accepting(running, { name: "nginx", version: versionOf(nginx, "-v"), port });
}
