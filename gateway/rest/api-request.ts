import type { CallSignal } from "../../core/index.ts";
import type { Reply } from "../call.ts";
import type { Arrival, ObservedMethod } from "../observe/index.ts";
import type { RestAnswer } from "./answer.ts";
import type { Body } from "./body.ts";
import type { HeldRoom } from "./body-room.ts";
import { type ApiRoute, apiRoute, pathOf } from "./url.ts";

/** A request for the API, whoever has read it: node:http or the front before it. */
export interface ApiRequest extends Reply {
  readonly asked: Asked;
  /** By lower-case name; one that is sent several times is joined as HTTP joins it. */
  readonly header: (name: string) => string | undefined;
  /** Aborted when the connection ends before the answer has been sent. */
  readonly gaveUp: CallSignal;
  /** Whether a body follows the headers; one that is not read stands in the way of the connection's next request. */
  readonly hasBody: boolean;
  /** What `addHeader` was told; undefined: nothing. */
  readonly added: AddedHeaders | undefined;
  /** Throws, or rejects with, INVALID_ARGUMENT for what cannot be inflated. */
  readBody(limits: BodyLimits): Body | Promise<Body>;
  /** Once; another answer only ends the connection. `close`: it ends with this one, so that a client of a server that drains goes elsewhere. */
  send(answer: RestAnswer, close: boolean): void;
  /** Answers while the client is still sending its body, and ends the connection. */
  sendUnread(answer: RestAnswer): void;
}

export type AddedHeaders = Readonly<Record<string, string>>;

/** What a body may be written into, and how much. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly room: HeldRoom;
}

/** What the first line of a request says. */
export interface Asked {
  readonly route: ApiRoute;
  readonly arrival: Arrival;
}

/** `target`: as it came; `client`: its address. */
export function askedFor(httpMethod: string, target: string, client: string): Asked {
  const route = apiRoute(httpMethod, target);
  const request = `${httpMethod} ${pathOf(target)}`;
  return { route, arrival: { protocol: "rest", method: observedMethod(route), request, client } };
}

function observedMethod(route: ApiRoute): ObservedMethod {
  switch (route.is) {
    case "infer":
      return route.method;
    case "status":
      return "GetModelStatus";
    case "metadata":
      return "GetModelMetadata";
    case "models":
      return "ListModels";
    case "preflight":
      return "Preflight";
    case "refused":
    case "undecodable":
      return "Unknown";
  }
}
