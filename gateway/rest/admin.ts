import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AdminConfig } from "../../config/index.ts";
import { InferenceError, type Logger } from "../../core/index.ts";
import { type AdminApi, type AdminReply, NotAllowed } from "../control/index.ts";
import { clientOf, hasBody } from "../incoming.ts";
import type { Observer } from "../observe/index.ts";
import { guardAdmin } from "./admin-guard.ts";
import { errorAnswer, jsonAnswer, jsonText, type RestAnswer, send, sendUnread } from "./answer.ts";
import { readBody, whole } from "./body.ts";
import { BodyRefused } from "./body-refused.ts";
import type { BodyRoom } from "./body-room.ts";
import { failure } from "./reaction.ts";
import { pathOf } from "./url.ts";

/** The admin API as the REST edge sees it. */
export interface AdminDoor {
  /** As it is at the moment. */
  readonly config: () => AdminConfig;
  readonly api: AdminApi;
}

export interface AdminParts {
  readonly door: AdminDoor;
  readonly room: BodyRoom;
  readonly observer: Observer;
  readonly log: Logger;
  readonly draining: () => boolean;
}

export function isAdminPath(path: string): boolean {
  return path.startsWith("/admin/") || path === "/admin";
}

/** A model's entry takes some hundred bytes. */
const MAX_BODY_BYTES = 2 ** 20;

/** Answers everything under `/admin/`. What it gives never rejects. */
export function createAdmin(parts: AdminParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { door, observer, log, draining } = parts;
  return async (request, response) => {
    const { method = "", url = "" } = request;
    const asked = { protocol: "rest", method: "Admin", request: `${method} ${pathOf(url)}` } as const;
    const observation = observer.start({ ...asked, client: clientOf(request.socket) });
    let bytesIn = 0;
    const body = async (): Promise<string> => {
      using room = parts.room.enter();
      const read = await readBody(request, { maxBytes: MAX_BODY_BYTES, room });
      bytesIn = read.receivedBytes;
      if (read.is !== "read") throw new BodyRefused(read, MAX_BODY_BYTES);
      return textOf(whole(read));
    };
    let answer: RestAnswer;
    let error: InferenceError | undefined;
    try {
      guardAdmin(door.config(), request);
      answer = answerOf(await door.api({ method, path: piecesOf(pathOf(url)), query: queryOf(url), body }));
    } catch (thrown) {
      ({ answer, error } = failure(log, thrown));
      if (error instanceof NotAllowed) answer = notAllowed(error);
    }
    observation.end({
      code: error?.code ?? (answer.status < 400 ? "OK" : "FAILED_PRECONDITION"),
      httpStatus: answer.status,
      bytesIn,
      bytesOut: method === "HEAD" ? 0 : answer.body.length,
      ...(error === undefined ? {} : { error }),
    });
    if (hasBody(request) && !request.complete) sendUnread(response, answer);
    else send(response, answer, draining());
  };
}

function answerOf({ status, json, location }: AdminReply): RestAnswer {
  const { headers, ...answer } = jsonAnswer(jsonText(json));
  const found = location === undefined ? {} : { location };
  return { ...answer, status, headers: { ...headers, ...found, "cache-control": "no-store" } };
}

function notAllowed(error: NotAllowed): RestAnswer {
  const answer = errorAnswer(error, 405);
  return { ...answer, headers: { ...answer.headers, allow: error.methods.join(", ") } };
}

function textOf(body: Uint8Array): string {
  if (isUtf8(body)) return Buffer.from(body).toString();
  throw new InferenceError("INVALID_ARGUMENT", "the body is not UTF-8");
}

function piecesOf(path: string): readonly string[] {
  try {
    return path.split("/").slice(2).map(decodeURIComponent);
  } catch {
    throw new InferenceError("INVALID_ARGUMENT", `${path} cannot be decoded`);
  }
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at + 1));
}
