import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { CompatibilityConfig, RestConfig } from "../../config/index.ts";
import { InferenceError, type Logger } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { ConfigFacts } from "../control/index.ts";
import { InFlight } from "../in-flight.ts";
import { announcedBytes, announcesMore, clientOf } from "../incoming.ts";
import { addressesToTry, hostAndPort, isMissingFamily, listenError } from "../listening.ts";
import type { Metrics, Observer } from "../observe/index.ts";
import type { PassEdge, PassRoute, PassThrough } from "../passthrough/index.ts";
import { createJsonThreads, type JsonThreads } from "../threads/index.ts";
import { type AdminDoor, createAdmin, isAdminPath } from "./admin.ts";
import { errorAnswer, pageAnswer, send, sendUnread } from "./answer.ts";
import { createApi } from "./api.ts";
import { answerBadHttp, answerConnect } from "./bad-http.ts";
import { type BodyRoom, createBodyRoom } from "./body-room.ts";
import { createFront } from "./front.ts";
import { addHealthRoutes, MONITORING_PATH } from "./health.ts";
import { NodeRequest } from "./node-request.ts";
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
  /** Takes the paths that other servers answer; undefined: there are none. */
  readonly passThrough?: PassThrough | undefined;
  readonly backend: Backend;
  /** Undefined: there is no admin API. */
  readonly admin?: AdminDoor;
  /** What `/statusz` tells of the configuration; undefined: nothing. */
  readonly configFacts?: () => Promise<ConfigFacts>;
  readonly observer: Observer;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The REST edge. Whoever creates it closes it. */
export interface RestServer {
  /** Opens the port and answers which it is. Throws an Error fit for a person. */
  listen(): Promise<number>;
  /** Other paths are passed on than before. */
  pathsChanged(): void;
  /** From now on it is not ready, and every answer is the last one of its connection. */
  drain(): void;
  /** Takes no new connections; requests in flight may finish within `limitMs`, then they are cut off. */
  close(limitMs: number): Promise<void>;
}

/** A request has to have come in whole within the first, its head within the second, the next one of its connection to begin within the third. */
const TIMEOUTS = { requestTimeout: 300_000, headersTimeout: 60_000, keepAliveTimeout: 72_000 };

/** What TensorFlow Serving's HTTP library takes; the API refuses some of them itself. */
const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]);

export function createRestServer(options: RestServerOptions): RestServer {
  const { host, port, config, monitoringPath, passThrough, log } = options;
  const inFlight = new InFlight();
  const left = (): void => inFlight.leave();
  const threads = createJsonThreads(log);
  const room = createBodyRoom(config.maxBytesInFlight);
  let draining = false;
  const parts = { ...options, threads, room, draining: () => draining };
  const api = createApi(parts);
  const admin = options.admin && createAdmin({ ...parts, door: options.admin });
  const refuse = createRefuse(parts);
  const fail = (response: ServerResponse, thrown: unknown): void => {
    const { answer } = failure(log, thrown);
    if (response.headersSent) response.destroy();
    else send(response, answer, draining);
  };
  const passEdge: PassEdge = {
    draining: () => draining,
    clientOf: (header) => options.backend.authenticate(header),
    answerOf: errorAnswer,
    send: (response, answer, unread) => (unread ? sendUnread(response, answer) : send(response, answer, draining)),
  };
  /** Of a path that is passed on; the monitoring path never is. */
  const passed = (path: string): PassRoute | undefined =>
    path === monitoringPath ? undefined : passThrough?.find(path);
  const server = createServer(TIMEOUTS, (request, response) => {
    inFlight.enter();
    response.on("close", left);
    const { method = "", url = "" } = request;
    const path = pathOf(url);
    const route = passed(path);
    if (route !== undefined) return passThrough?.serve(route, path, request, response, passEdge);
    // The monitoring path comes first, as in TensorFlow Serving.
    if (path === monitoringPath) request.url = MONITORING_PATH;
    else if (!METHODS.has(method)) return refuse(request, response, "UNIMPLEMENTED");
    else if (isApiPath(path)) return void api(new NodeRequest(request, response));
    else if (isAdminPath(path) && options.admin?.config().enabled === true) return void admin?.(request, response);
    others(request, response);
  });
  const front = createFront(server, { ...parts, inFlight, isPassed: (path) => passed(path) !== undefined }, api);
  const { app, answer: others } = createOthers(server, { ...parts, refuse, fail });
  server.on("connect", answerConnect);
  server.on("checkContinue", (request, response) => {
    const passes = passed(pathOf(request.url ?? ""));
    const isWanted =
      passes === undefined
        ? !announcesMore(request, config.maxBytes) && room.has(announcedBytes(request))
        : !announcesMore(request, passes.config.maxBytes);
    if (isWanted) response.writeContinue();
    server.emit("request", request, response);
  });

  return {
    async listen() {
      await app.ready();
      const opened = await listenOn(server, host, port);
      // A connection that cannot be accepted is no reason to end.
      server.on("error", (error) => log.error({ err: error }, "the REST port reports an error"));
      return opened;
    },
    pathsChanged: () => front.forgetHeads(),
    drain() {
      draining = true;
    },
    async close(limitMs) {
      draining = true;
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      front.closeIdle();
      await inFlight.idle(limitMs);
      server.closeAllConnections();
      front.destroy();
      await closed;
      await app.close();
      await threads.close();
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Parts extends RestServerOptions {
  readonly threads: JsonThreads;
  readonly room: BodyRoom;
  readonly draining: () => boolean;
}

/** Answers what stands under no route, or asks by a method that nothing here has. */
type Refuse = (request: IncomingMessage, response: ServerResponse, code: "NOT_FOUND" | "UNIMPLEMENTED") => void;

function createRefuse({ observer, draining }: Parts): Refuse {
  return (request, response, code) => {
    const asked = `${request.method} ${pathOf(request.url ?? "")}`;
    const error = new InferenceError(code, `nothing answers ${asked}`);
    const answer = pageAnswer(httpStatus(code));
    observer
      .start({ protocol: "rest", method: "Unknown", request: asked, client: clientOf(request.socket) })
      .end({ code: error.code, httpStatus: answer.status, bytesIn: 0, bytesOut: answer.body.length, error });
    send(response, answer, draining());
  };
}

/**
 * The paths outside of the API, which are fastify's. The API itself goes past it: its router would decode a name's `%2F`,
 * and its hooks and objects would double what Node needs for a small request.
 */
function createOthers(
  server: Server,
  parts: Parts & { readonly refuse: Refuse; readonly fail: (response: ServerResponse, thrown: unknown) => void },
): { readonly app: FastifyInstance; readonly answer: Answer } {
  const { refuse, fail } = parts;
  let answer: Answer | undefined;
  const notFound = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    refuse(request.raw, reply.raw, "NOT_FOUND");
  };
  const app = Fastify({
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => notFound(request, reply),
    clientErrorHandler: answerBadHttp,
    serverFactory: (handler) => {
      answer = handler;
      return server;
    },
  });
  addHealthRoutes(app, parts);
  app.setNotFoundHandler(notFound);
  app.setErrorHandler((thrown, _request, reply) => {
    reply.hijack();
    fail(reply.raw, thrown);
  });
  // What a client calls its body is not looked at, and fastify would refuse what it cannot read.
  app.addHook("onRequest", (request, _reply, done) => {
    request.headers["content-type"] = "application/octet-stream";
    done();
  });
  // Bodies are read by those who want them, under their own limit.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  return { app, answer: (request, response) => answer?.(request, response) };
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
