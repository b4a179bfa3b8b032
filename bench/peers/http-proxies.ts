import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cores, freePort, scratchFolder, start, versionOf } from "../frame/index.ts";
import { CLUSTER, listener, ROUTER, socketAddress, startEnvoyProcess } from "./envoy-process.ts";
import { accepting } from "./grpc-proxy.ts";
import { program } from "./programs.ts";

/** Something that passes HTTP/1.1 on. Whoever starts it disposes of it. */
export interface HttpProxy extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** Envoy with one worker thread, in front of what listens on `port`. */
export async function startEnvoyHttp(port: number, cores: Cores): Promise<HttpProxy> {
  const own = await freePort();
  const endpoint = { endpoint: { address: socketAddress(port) } };
  const assignment = { cluster_name: CLUSTER, endpoints: [{ lb_endpoints: [endpoint] }] };
  const cluster = { name: CLUSTER, load_assignment: assignment };
  const envoy = await startEnvoyProcess({ listeners: [listener(own, "HTTP1", [ROUTER])], clusters: [cluster] }, cores);
  return { ...envoy, name: "Envoy", url: `http://127.0.0.1:${own}` };
}

/** nginx with one worker process, in front of what listens on `port`. */
export async function startNginxHttp(port: number, cores: Cores): Promise<HttpProxy> {
  const nginx = program("nginx");
  const folder = scratchFolder();
  const own = await freePort();
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
  client_body_buffer_size 1m;
  keepalive_requests 100000000;
  upstream up { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${own};
    location / {
      proxy_pass http://up;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
  );
  const running = start(nginx, ["-p", folder, "-c", config], { core: cores.proxy });
  const accepted = await accepting(running, { name: "nginx", version: versionOf(nginx, "-v"), port: own });
  return { ...accepted, url: `http://127.0.0.1:${own}` };
}
