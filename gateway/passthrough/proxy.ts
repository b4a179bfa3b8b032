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
import { lingering } from "./linger.ts";
import { clientLocation } from "./path.ts";
import { send } from "./send.ts";

/** Answers what has failed, if nothing has been answered yet. */
export type Fail = (exchange: Exchange, thrown: unknown) => void;

/** Whoever creates it closes it. */
export interface Proxy {
  /** Sends a request on, whose target is already that for the upstream and whose arm and endpoint are chosen. */
  pass(exchange: Exchange): void;
  close(): Promise<void>;
}

/** What the plugin hands over for one request; it is made for undici's `request`. */
interface Outgoing {
  readonly method: string;
  readonly headers: TaggedHeaders;
}

/** How a request is found again behind the plugin, which copies what it doesn't know. */
const EXCHANGE = Symbol("exchange");

interface TaggedHeaders extends OutgoingHttpHeaders {
  [EXCHANGE]: Exchange;
}

type Sent = (error: unknown, answer?: unknown) => void;

/**
 * `@fastify/http-proxy` in an app without a port: it refuses paths that lead out of an upstream, copies headers and streams
 * both ways. Which upstream, how often and for how long is ours, by what it takes as its HTTP client. Loaded only by
 * gateways that pass requests on: it takes some megabytes and a tenth of a second.
 */
export async function createProxy(fail: Fail): Promise<Proxy> {
  const { default: httpProxy } = await import("@fastify/http-proxy");
  const exchanges = new WeakMap<object, Exchange>();
  const of = ({ raw }: { readonly raw: object }): Exchange => exchanges.get(raw) as Exchange;
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
      rewriteRequestHeaders(request, headers) {
        const exchange = of(request);
        const sent = upstreamHeaders({ ...headers, "content-type": exchange.contentType }, forwardedOf(exchange));
        return Object.assign(sent, { [EXCHANGE]: exchange }) as Record<string, string>;
      },
      rewriteHeaders: (headers, request) => answerHeaders(of(request as FastifyRequest), headers),
      // Who may be asked again, and when, is known in `send`.
      retryDelay: () => null,
      onResponse(request, reply, { stream }) {
        const exchange = of(request);
        exchange.answered(stream);
        reply.send(lingering(stream, exchange.request));
        // Else the head would wait for the first bytes of the body, which may be far.
        if (!exchange.response.headersSent) exchange.response.flushHeaders();
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
      exchanges.set(request, exchange);
      answer?.(request, response);
    },
    close: () => app.close(),
  };
}

function forwardedOf({ request, header, clientName }: Exchange): Forwarded {
  const address = plainAddress(request.socket.remoteAddress ?? "unknown");
  return { address, host: header("host"), isKnown: clientName !== undefined };
}

/** What the plugin takes for undici's. */
function request({ method, headers }: Outgoing, sent: Sent): void {
  const exchange = headers[EXCHANGE];
  // The path as it came: the plugin has looked at it, and would write it in another way.
  const head = { method, path: exchange.request.url ?? "/", headers: framed(exchange, headers) };
  send(exchange, head).then(
    (from) => sent(null, { statusCode: from.statusCode, headers: { ...from.headers }, body: from }),
    sent,
  );
}

/**
 * With what tells the upstream where the body ends, whatever the client's `Connection` takes away: else the body would be
 * read as the next request there.
 */
function framed({ request }: Exchange, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  const sent: OutgoingHttpHeaders = {};
  for (const name in headers) if (headers[name] !== undefined) sent[name] = headers[name];
  if (coding !== undefined) sent["transfer-encoding"] = "chunked";
  else if (length !== undefined) sent["content-length"] = length;
  return sent;
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
