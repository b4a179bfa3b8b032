import type { IncomingMessage, ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { type BreakerConfig, type Config, isSecure } from "../../config/index.ts";
import { InferenceError, type Logger } from "../../core/index.ts";
import { announcesMore, clientOf } from "../incoming.ts";
import { createHttpAccessLog, type HttpFigures, type HttpMetrics } from "../observe/index.ts";
import { NONE } from "../upstream/index.ts";
import { chooseArm } from "./choose.ts";
import type { PassEdge } from "./edge.ts";
import { Exchange } from "./exchange.ts";
import { failureKind, failureStatus, passError } from "./failure.ts";
import { upstreamPath } from "./path.ts";
import { addedHeaders, createProxy, type Proxy } from "./proxy.ts";
import { compilePassTable, type EntryLoad, type PassRoute, type PassTable } from "./table.ts";
import { UpstreamEndpoint } from "./upstream-endpoint.ts";

export interface PassThroughOptions {
  readonly config: PassConfig;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
}

export type PassConfig = Pick<Config, "http" | "resilience">;

/** Requests that other HTTP servers answer. Whoever creates it closes it. */
export interface PassThrough {
  /** The entry that takes a path; undefined: it is for the gateway itself. */
  find(path: string): PassRoute | undefined;
  /** Never throws; `path` is that of the request's target. */
  serve(route: PassRoute, path: string, request: IncomingMessage, response: ServerResponse, edge: PassEdge): void;
  /** Takes over other entries in one step; requests under way end as they began. */
  apply(config: PassConfig): void;
  /** Resolves when the first request need not wait. */
  ready(): Promise<void>;
  figures(): HttpFigures;
  close(): Promise<void>;
}

export function createPassThrough({ config: first, metrics, log }: PassThroughOptions): PassThrough {
  const endpoints = new Map<string, UpstreamEndpoint>();
  const loads = new Map<string, EntryLoad>();
  const parts = { metrics, accessLog: createHttpAccessLog(log) };
  let breaker: BreakerConfig = first.resilience.breaker;
  let proxy: Proxy | undefined;
  let starting: Promise<void> | undefined;

  const compile = ({ http }: PassConfig, wanted = new Set<string>()): PassTable =>
    compilePassTable(http, {
      endpoint(origin, tls) {
        // What is known of a server by one certificate says nothing of it by another.
        const key = JSON.stringify([origin, isSecure(origin) ? tls : undefined]);
        wanted.add(key);
        return kept(endpoints, key, () => new UpstreamEndpoint(origin, tls, breaker, log));
      },
      load: (name) => kept(loads, name, () => ({ inFlight: 0 })),
    });

  const fail = (exchange: Exchange, thrown: unknown): void => {
    const { response, request, edge } = exchange;
    const error = errorOf(thrown);
    if (error.code === "INTERNAL") log.error({ err: thrown }, "unexpected error");
    if (response.headersSent || response.destroyed) {
      exchange.broken ??= error;
      response.destroy();
      return;
    }
    const answer = edge.answerOf(error, failureStatus(error));
    const allow = failureKind(error) === "method" ? { allow: exchange.route.config.methods.join(", ") } : {};
    const { status, headers } = answer;
    exchange.end(status, error);
    const unread = exchange.hasBody && !request.complete;
    edge.send(response, { ...answer, headers: { ...headers, ...allow, ...addedHeaders(exchange) } }, unread);
  };
  const start = async (): Promise<void> => {
    proxy = await createProxy(fail);
  };

  let table = compile(first);
  let names = new Set(first.http.map(({ name }) => name));
  const forgetIdle = (): void => {
    for (const [name, { inFlight }] of loads) if (inFlight === 0 && !names.has(name)) loads.delete(name);
  };
  if (first.http.length > 0) starting = start();

  return {
    find: (path) => table.find(path),

    serve(route, path, request, response, edge) {
      const asked = `${request.method} ${path}`;
      const client = clientOf(request.socket);
      const exchange = new Exchange({ route, edge, request, response, asked, client }, parts);
      try {
        admit(exchange);
        const arm = chooseArm(route, { header: exchange.header, client: exchange.clientName, body: {} });
        exchange.arm = arm;
        exchange.endpoint = arm.pick(NONE, undefined);
        request.url = upstreamPath(route.config, path) + queryOf(request.url);
        if (proxy !== undefined) proxy.pass(exchange);
        else starting?.then(() => proxy?.pass(exchange)).catch((thrown: unknown) => fail(exchange, thrown));
      } catch (thrown) {
        fail(exchange, thrown);
      }
    },

    apply(next) {
      const isOtherBreaker = !isDeepStrictEqual(breaker, next.resilience.breaker);
      breaker = next.resilience.breaker;
      if (isOtherBreaker) for (const endpoint of endpoints.values()) endpoint.setBreaker(breaker);
      const wanted = new Set<string>();
      table = compile(next, wanted);
      for (const [key, endpoint] of endpoints) {
        if (wanted.has(key)) continue;
        endpoints.delete(key);
        endpoint.retire();
      }
      names = new Set(next.http.map(({ name }) => name));
      forgetIdle();
      if (next.http.length > 0) starting ??= start();
    },

    ready: async () => await starting,
    figures() {
      forgetIdle();
      return {
        entries: Array.from(loads, ([name, { inFlight }]) => ({ name, inFlight })),
        upstreams: Array.from(endpoints.values(), ({ figures }) => figures),
      };
    },

    async close() {
      await starting;
      await proxy?.close();
      for (const endpoint of endpoints.values()) endpoint.retire();
      endpoints.clear();
    },
  };
}

function admit(exchange: Exchange): void {
  const { route, edge, request } = exchange;
  const { name, methods, maxBytes, maxInFlight } = route.config;
  if (edge.draining()) throw passError("draining", "the server is shutting down");
  exchange.clientName = edge.clientOf(exchange.header);
  if (!methods.some((method) => method === request.method)) {
    throw passError("method", `${name}: ${request.method} is not among ${methods.join(", ")}`);
  }
  const { upgrade, "transfer-encoding": coding } = request.headers;
  // Other protocols are offers that a server may pass over (RFC 9110, 7.8); this one's clients ask for nothing else.
  if (upgrade?.toLowerCase() === "websocket") {
    throw passError("not passed on", `${name}: WebSocket connections are not passed on`);
  }
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    throw passError("not passed on", `${name}: the transfer coding ${coding} is not passed on`);
  }
  if (announcesMore(request, maxBytes)) {
    throw passError("too large", `the body is longer than ${maxBytes} bytes`);
  }
  if (maxInFlight !== undefined && route.load.inFlight > maxInFlight) {
    throw passError("busy", `${name}: ${maxInFlight} requests are under way, no more are taken`);
  }
}

/** What the plugin and its router refuse is a path that they can't read, or that leads out of the upstream. */
function errorOf(thrown: unknown): InferenceError {
  const status = (thrown as { readonly statusCode?: unknown } | undefined)?.statusCode;
  const isPath = !(thrown instanceof InferenceError) && typeof status === "number" && status < 500;
  if (isPath) return passError("path", "the path cannot be decoded, or leads outside by `..`", { cause: thrown });
  return InferenceError.from(thrown, "gateway");
}

/** With its question mark. */
function queryOf(target = ""): string {
  const at = target.indexOf("?");
  return at === -1 ? "" : target.slice(at);
}

function kept<Thing>(things: Map<string, Thing>, key: string, make: () => Thing): Thing {
  const thing = things.get(key) ?? make();
  things.set(key, thing);
  return thing;
}
