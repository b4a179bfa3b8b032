import type { IncomingMessage, ServerResponse } from "node:http";
import { CallController, type CallSignal } from "../../core/index.ts";
import { clientOf, hasBody, headerOf } from "../incoming.ts";
import { type RestAnswer, send, sendUnread } from "./answer.ts";
import { type AddedHeaders, type ApiRequest, type Asked, askedFor, type BodyLimits } from "./api-request.ts";
import { type Body, readBody } from "./body.ts";

/** A request for the API that node:http has read. */
export class NodeRequest implements ApiRequest {
  readonly asked: Asked;
  readonly header: (name: string) => string | undefined;
  readonly gaveUp: CallSignal;
  added: AddedHeaders | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { method = "", url = "" } = request;
    this.asked = askedFor(method, url, clientOf(request.socket));
    this.header = headerOf(request);
    this.gaveUp = whenClientLeaves(response);
    this.#request = request;
    this.#response = response;
  }

  get hasBody(): boolean {
    return hasBody(this.#request);
  }

  readBody(limits: BodyLimits): Promise<Body> {
    return readBody(this.#request, limits);
  }

  addHeader(name: string, value: string): void {
    this.added = { ...this.added, [name]: value };
  }

  send(answer: RestAnswer, close: boolean): void {
    if (this.#response.headersSent) this.#response.destroy();
    else send(this.#response, answer, close);
  }

  sendUnread(answer: RestAnswer): void {
    sendUnread(this.#response, answer);
  }
}

function whenClientLeaves(response: ServerResponse): CallSignal {
  const gaveUp = new CallController();
  response.on("close", () => {
    if (!response.writableFinished) gaveUp.abort();
  });
  return gaveUp;
}
