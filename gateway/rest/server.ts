import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { CompatibilityConfig, RestConfig } from "../../config/index.ts";
import { InferenceError, type Logger } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import { InFlight } from "../in-flight.ts";
import { addressesToTry, hostAndPort, isMissingFamily, listenError } from "../listening.ts";
import type { Metrics, Observer } from "../observe/index.ts";
import { createJsonThreads, type JsonThreads } from "../threads/index.ts";
import { pageAnswer, send } from "./answer.ts";
import { createApi } from "./api.ts";
import { answerBadHttp, answerConnect } from "./bad-http.ts";
import { announcedBytes, announcesMore } from "./body.ts";
import { type BodyRoom, createBodyRoom } from "./body-room.ts";
import { addHealthRoutes, MONITORING_PATH } from "./health.ts";
import { clientOf } from "./parse.ts";
import { failure } from "./reaction.ts";
import { httpStatus } from "./status.ts";
import { isApiPath, pathOf } from "./url.ts";

export interface RestServerOptions {
  readonly host: string;
  readonly port: number;
  readonly config: RestConfig;
  /** As it is at the moment: it may change while running. */
  readonly compatibility: () => CompatibilityConfig;
  /** Where TensorFlow Serving's metrics are; undefined: nowhere. */
  readonly monitoringPath: string | undefined;
  readonly backend: Backend;
  readonly observer: Observer;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The REST edge. Whoever creates it closes it. */
export interface RestServer {
  /** Opens the port and answers which it is. Throws an Error fit for a person. */
  listen(): Promise<number>;
  /** From now on it is not ready, and every answer is the last one of its connection. */
  drain(): void;
  /** Takes no new connections; requests in flight may finish within `limitMs`, then they are cut off. */
  close(limitMs: number): Promise<void>;
}

/** Node's own default, which fastify would lift: a request has to have come in whole within. */
const REQUEST_TIMEOUT_MS = 300_000;

/** What TensorFlow Serving's HTTP library takes; the API refuses some of them itself. */
const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** Where fastify's router finds the API. The paths below are matched by `url.ts`: a router would decode a name's `%2F`. */
const API_PATH = "/v1/";

export function createRestServer(options: RestServerOptions): RestServer {
  const { host, port, config, monitoringPath, log } = options;
  const inFlight = new InFlight();
  const threads = createJsonThreads(log);
  const room = createBodyRoom(config.maxBytesInFlight);
  let draining = false;
  const app = Fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    rewriteUrl: ({ url = "/" }) => routerUrl(url, monitoringPath),
    frameworkErrors: (_error, request, reply) => void refuse(request, reply, "NOT_FOUND"),
    clientErrorHandler: answerBadHttp,
  });
  const refuse = addRoutes(app, { ...options, threads, room, draining: () => draining });
  app.addHook("onRequest", (request, reply, done) => {
    inFlight.enter();
    reply.raw.once("close", () => inFlight.leave());
    // What a client calls its body is not looked at, and fastify would refuse what it cannot read.
    request.headers["content-type"] = "application/octet-stream";
    if (METHODS.has(request.method)) done();
    else refuse(request, reply, "UNIMPLEMENTED");
  });
  // Bodies are read by those who want them, under their own limit.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.server.on("connect", answerConnect);
  app.server.on("checkContinue", (request, response) => {
    const isWanted = !announcesMore(request, config.maxBytes) && room.has(announcedBytes(request));
    if (isWanted) response.writeContinue();
    app.server.emit("request", request, response);
  });

  return {
    async listen() {
      await app.ready();
      const opened = await listenOn(app.server, host, port);
      // A connection that cannot be accepted is no reason to end.
      app.server.on("error", (error) => log.error({ err: error }, "the REST port reports an error"));
      return opened;
    },
    drain() {
      draining = true;
    },
    async close(limitMs) {
      draining = true;
      const closed = app.server.listening ? once(app.server, "close") : undefined;
      app.server.close();
      await inFlight.idle(limitMs);
      app.server.closeAllConnections();
      await closed;
      await app.close();
      await threads.close();
    },
  };
}

/** Answers what stands under no route, or asks by a method that nothing here has. */
type Refuse = (request: FastifyRequest, reply: FastifyReply, code: "NOT_FOUND" | "UNIMPLEMENTED") => FastifyReply;

interface RouteParts extends RestServerOptions {
  readonly threads: JsonThreads;
  readonly room: BodyRoom;
  readonly draining: () => boolean;
}

function addRoutes(app: FastifyInstance, options: RouteParts): Refuse {
  const { observer, log, draining } = options;
  const api = createApi(options);
  app.route({ method: app.supportedMethods, url: API_PATH, handler: api });
  addHealthRoutes(app, options);

  const refuse: Refuse = (request, reply, code) => {
    const asked = `${request.method} ${pathOf(request.originalUrl)}`;
    const error = new InferenceError(code, `nothing answers ${asked}`);
    const answer = pageAnswer(httpStatus(code));
    observer
      .start({ protocol: "rest", method: "Unknown", request: asked, client: clientOf(request.raw) })
      .end({ code: error.code, httpStatus: answer.status, bytesIn: 0, bytesOut: answer.body.length, error });
    send(reply, answer, draining());
    return reply;
  };
  app.setNotFoundHandler((request, reply) => refuse(request, reply, "NOT_FOUND"));
  app.setErrorHandler((thrown, _request, reply) => {
    send(reply, failure(log, thrown).answer, draining());
    return reply;
  });
  return refuse;
}

/** What fastify's router gets to see. The monitoring path comes first, as in TensorFlow Serving. */
function routerUrl(url: string, monitoringPath: string | undefined): string {
  const path = pathOf(url);
  if (path === monitoringPath) return MONITORING_PATH;
  return isApiPath(path) ? API_PATH : url;
}

async function listenOn(server: Server, host: string, port: number): Promise<number> {
  const tried: unknown[] = [];
  for (const address of addressesToTry(host)) {
    try {
      server.listen(port, address);
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    } catch (thrown) {
      tried.push(thrown);
      if (!isMissingFamily(thrown)) break;
    }
  }
  throw listenError("REST", hostAndPort(host, port), tried.at(-1));
}
