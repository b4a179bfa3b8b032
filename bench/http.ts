import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, type Contestant, compare } from "./compare.ts";
import {
  type Benchmark,
  type Cores,
  describeCores,
  figure,
  planCores,
  type Row,
  scratchFolder,
  versionOf,
} from "./frame/index.ts";
import { wrk } from "./load/wrk.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import { type HttpProxy, startEnvoyHttp, startNginxHttp } from "./peers/http-proxies.ts";
import { ANSWER, startHttpUpstream } from "./peers/http-upstream.ts";
import { program } from "./peers/programs.ts";
import { startProduct } from "./product.ts";

const CONNECTIONS = 32;
const BODY_BYTES = 100_000;

export const benchmark: Benchmark = {
  name: "http",
  title: "HTTP pass-through over 32 connections, against Envoy and nginx in front of the same upstream",
  goals: [
    {
      row: "get-throughput",
      measure: "HTTP pass-through, GET of 32 bytes, against the better of Envoy and nginx",
      of: "ratio",
      want: { atLeast: 1 },
    },
    {
      row: "post-throughput",
      measure: "HTTP pass-through, POST of 100 kB, against the better of Envoy and nginx",
      of: "ratio",
      want: { atLeast: 1 },
    },
  ],
  run: async (options) => {
    const cores = planCores();
    await using upstream = await startHttpUpstream(cores);
    await using product = await startProduct(
      {
        // Whoever passes requests on serves models too.
        models: [{ name: "half_plus_two", path: HALF_PLUS_TWO }],
        http: [{ prefix: "/other", upstream: `http://127.0.0.1:${upstream.port}` }],
      },
      cores,
    );
    await using envoy = await startEnvoyHttp(upstream.port, cores);
    await using nginx = await startNginxHttp(upstream.port, cores);
    const ours = { name: "tensorgate", pid: product.gatewayPid, url: product.rest };
    const bodyFile = join(scratchFolder(), "body");
    writeFileSync(bodyFile, Buffer.alloc(BODY_BYTES, "x"));
    const contestants = (bodyFiles: readonly string[]): Parameters<typeof compare>[0] => [
      contestant(ours, upstream.pid, bodyFiles, cores),
      contestant(envoy, upstream.pid, bodyFiles, cores),
      contestant(nginx, upstream.pid, bodyFiles, cores),
    ];
    const get = await compare(contestants([]), options);
    const post = await compare(contestants([bodyFile]), options);
    return {
      rows: [...rowsOf("GET", get), ...rowsOf("POST", post)],
      requests: { ...countsOf("GET", get), ...countsOf("POST", post) },
      settings: {
        pinning: describeCores(cores).replace("worker", "upstream"),
        tensorgate: "one process, no access log, one entry of http, otherwise as it comes",
        Envoy: `${envoy.version}, --concurrency 1`,
        nginx: `${nginx.version}, one process, connections to the upstream are kept`,
        upstream: `${upstream.version}, one thread, answers ${ANSWER}`,
        connections: String(CONNECTIONS),
        "load generator": `${versionOf(program("wrk"), "-v")}, one thread`,
        "bytes of the body": figure(BODY_BYTES),
      },
    };
  },
};

function contestant(
  { name, pid, url }: Pick<HttpProxy, "name" | "pid" | "url">,
  upstreamPid: number,
  bodyFiles: readonly string[],
  cores: Cores,
): Contestant {
  const asked = `${url}/other/answer`;
  const method = bodyFiles.length === 0 ? "GET" : "POST";
  return {
    name,
    pid,
    workerPids: [upstreamPid],
    check: async () => {
      const response = await fetch(asked, method === "GET" ? {} : { method, body: Buffer.alloc(BODY_BYTES, "x") });
      const text = await response.text();
      if (text !== ANSWER) throw new Error(`${asked} answered ${response.status} ${text.slice(0, 500)}`);
    },
    load: (seconds, scratch) =>
      wrk({
        url: asked,
        bodyFiles,
        contentType: "application/octet-stream",
        connections: CONNECTIONS,
        seconds,
        core: cores.rest,
        scratch,
      }),
  };
}

function rowsOf(method: string, { rows }: Comparison): Row[] {
  return rows.map((row) => ({
    ...row,
    key: `${method.toLowerCase()}-${row.key}`,
    label: `${method}: ${row.label.replace("the worker", "the upstream")}`,
  }));
}

function countsOf(method: string, { requests }: Comparison): Comparison["requests"] {
  return Object.fromEntries(Object.entries(requests).map(([side, counts]) => [`${side}, ${method}`, counts]));
}
