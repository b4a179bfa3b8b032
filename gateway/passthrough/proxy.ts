import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { FastifyHttpProxyOptions } from "@fastify/http-proxy";
import Fastify, { type FastifyRequest } from "fastify";
import { HTTP_METHODS } from "../../config/index.ts";
import type { Exchange } from "./exchange.ts";
import { clientHeaders, type Forwarded, plainAddress, upstreamHeaders } from "./headers.ts";
import { clientLocation } from "./path.ts";
import { relay } from "./relay.ts";
import { send } from "./send.ts";

/** Answers what has failed, if nothing has been answered yet. */
export type Fail = (exchange: Exchange, thrown: unknown) => void;

/** Whoever creates it closes it. */
export interface Proxy {
  /** Sends a request on, whose target is already that for the upstream and whose arm and endpoint are chosen. */
  pass(exchange: Exchange): void;
  close(): Promise<void>;
}

/** How a request's exchange is found, and found again behind the plugin, which copies what it doesn't know. */
const EXCHANGE = Symbol("exchange");

interface Tagged {
  [EXCHANGE]?: Exchange;
}

/** What the plugin hands over for one request; it is made for undici's `request`. */
interface Outgoing {
  readonly method: string;
  readonly headers: Tagged;
}

type Sent = (error: unknown, answer?: unknown) => void;

/**
 * `@fastify/http-proxy` in an app without a port: it refuses paths that lead out of an upstream, routes, and copies an
 * answer's headers. Which upstream, how often and for how long is ours, by what it takes as its HTTP client, and so are the bodies. Loaded only by
 * gateways that pass requests on: it takes some megabytes and a tenth of a second.
 */
export async function createProxy(fail: Fail): Promise<Proxy> {
  const { default: httpProxy } = await import("@fastify/http-proxy");
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;

  const app = Fastify({
    return503OnClosing: false,
    routerOptions: { maxParamLength: 2 ** 14 },
    frameworkErrors: (error, request, reply) => {
      reply.hijack();
      fail(of(request), error);
    },
    serverFactory(handler) {
      answer = handler;
      return createServer();
    },
  });
  app.setErrorHandler((thrown, request, reply) => {
    reply.hijack();
    fail(of(request), thrown);
  });
  // What a client calls its body is not looked at, and fastify would refuse what it cannot read.
  app.addHook("onRequest", (request, _reply, done) => {
    request.headers["content-type"] = "application/octet-stream";
    done();
  });

  await app.register(httpProxy, {
    upstream: "",
    httpMethods: [...HTTP_METHODS],
    disableCache: true,
    internalRewriteLocationHeader: false,
    undici: { request } as unknown as NonNullable<FastifyHttpProxyOptions["undici"]>,
    replyOptions: {
      getUpstream: (request) => of(request).endpoint?.origin ?? "",
      // The others are made where they are sent.
      rewriteRequestHeaders: (request) => ({ [EXCHANGE]: of(request) }) as Record<string, never>,
      rewriteHeaders: (headers, request) => answerHeaders(of(request as FastifyRequest), headers),
      // Who may be asked again, and when, is known in `send`.
      retryDelay: () => null,
      onResponse(request, reply, { stream }) {
        reply.hijack();
        relay(of(request), stream, reply.getHeaders() as OutgoingHttpHeaders);
      },
      onError(reply, { error }) {
        reply.hijack();
        fail(of(reply.request), error.cause ?? error);
      },
    },
  });
  await app.ready();

  return {
    pass(exchange) {
      const { request, response } = exchange;
      (request as Tagged)[EXCHANGE] = exchange;
      answer?.(request, response);
    },
    close: () => app.close(),
  };
}

function of({ raw }: { readonly raw: object }): Exchange {
  return (raw as Tagged)[EXCHANGE] as Exchange;
}

function forwardedOf({ request, header, clientName, contentType }: Exchange): Forwarded {
  const address = plainAddress(request.socket.remoteAddress ?? "unknown");
  return { address, host: header("host"), isKnown: clientName !== undefined, contentType };
}

/** What the plugin takes for undici's. */
function request({ method, headers }: Outgoing, sent: Sent): void {
  const exchange = headers[EXCHANGE] as Exchange;
  const { url = "/", headers: asked } = exchange.request;
  // The path as it came: the plugin has looked at it, and would write it in another way.
  const head = { method, path: url, headers: upstreamHeaders(asked, forwardedOf(exchange)) };
  send(exchange, head).then(
    (from) => sent(null, { statusCode: from.statusCode, headers: { ...from.headers }, body: from }),
    sent,
  );
}

function answerHeaders(exchange: Exchange, headers: IncomingHttpHeaders): Record<string, string> {
  const { route, arm, edge } = exchange;
  const location = (written: string): string => clientLocation(route.config, written, arm?.upstreams ?? []);
  const last = edge.draining() ? { connection: "close" } : {};
  return clientHeaders(headers, location, { ...addedHeaders(exchange), ...last }) as Record<string, string>;
}

/** Headers of each answer, be it an error or not. */
export function addedHeaders({ route, arm }: Pick<Exchange, "route" | "arm">): Record<string, string> {
  const { config } = route;
  const named = config.arms.length > 1 && arm !== undefined ? { "x-tensorgate-arm": arm.name } : {};
  return { ...named, ...Object.fromEntries(config.responseHeaders) };
}
