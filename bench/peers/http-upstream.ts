import type { Cores } from "../frame/index.ts";
import { runHaproxy } from "./haproxy.ts";

/** A server that answers every request by the same few bytes, once its body has come. Whoever starts it disposes of it. */
export interface HttpUpstream extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly version: string;
}

/** What it answers. */
export const ANSWER = '{"predictions": [2.5, 3.0, 4.5]}';

/** HAProxy without any server behind it: among the fastest that read a body before they answer. */
export async function startHttpUpstream(cores: Cores): Promise<HttpUpstream> {
  const { pid, version, grpc, ...up } = await runHaproxy(
    (port) => `  # A whole body has to fit.
  tune.bufsize 262144
defaults
  mode http
  timeout client 60s
  timeout http-request 60s
frontend answers
  bind 127.0.0.1:${port}
  http-request wait-for-body time 10s if METH_POST
  http-request return status 200 content-type application/json string '${ANSWER}'
`,
    cores.rest,
  );
  return { ...up, pid, version, port: Number(grpc.split(":")[1]) };
}
