import type { Server } from "node:http";
import type { RestConfig } from "../../config/index.ts";
import { type HttpFront, standBefore } from "../../http1/index.ts";
import type { InFlight } from "../in-flight.ts";
import { clientOf } from "../incoming.ts";
import { IN_THREAD_BYTES } from "../threads/index.ts";
import { type ApiRequest, type Asked, askedFor } from "./api-request.ts";
import { answerBadHttp } from "./bad-http.ts";
import { TURNS } from "./body.ts";
import type { BodyRoom } from "./body-room.ts";
import { FrontRequest } from "./front-request.ts";

export interface FrontParts {
  readonly config: RestConfig;
  readonly monitoringPath: string | undefined;
  readonly room: BodyRoom;
  readonly inFlight: InFlight;
  /** Whether another server answers what stands at a path. */
  readonly isPassed: (path: string) => boolean;
}

/** How often connections are looked at that have been silent for long. */
const LOOK_MS = 1_000;

/**
 * Answers predict, classify and regress past node:http, which takes more processor time for a small request than all the rest
 * of its way; but for bodies that go to threads, and those that are refused.
 */
export function createFront(
  server: Server,
  { config, monitoringPath, room, inFlight, isPassed }: FrontParts,
  api: (request: ApiRequest) => Promise<void>,
): HttpFront {
  const { headersTimeout, requestTimeout, keepAliveTimeout } = server;
  return standBefore<Asked>(server, {
    route({ target }, socket) {
      if (target === monitoringPath || isPassed(target)) return undefined;
      const asked = askedFor("POST", target, clientOf(socket));
      return asked.route.is === "infer" ? asked : undefined;
    },
    takes: (bytes) => bytes < IN_THREAD_BYTES && bytes <= config.maxBytes && room.has(bytes),
    serve: (request) => void api(new FrontRequest(request)),
    onPiece: (bytes, socket) => TURNS.received(bytes, socket),
    refuse: answerBadHttp,
    counter: inFlight,
    timeouts: {
      headersMs: headersTimeout,
      requestMs: requestTimeout,
      keepAliveMs: keepAliveTimeout,
      lookMs: LOOK_MS,
    },
  });
}
