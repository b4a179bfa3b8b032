import { type Cores, freePort } from "../frame/index.ts";
import { CLUSTER, listener, ROUTER, socketAddress, startEnvoyProcess } from "./envoy-process.ts";
import { runNginx } from "./nginx.ts";

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
  const nginx = await runNginx(`127.0.0.1:${port}`, cores, {
    location: 'proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";',
  });
  return { ...nginx, url: `http://${nginx.grpc}` };
}
