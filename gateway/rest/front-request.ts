import type { CallSignal } from "../../core/index.ts";
import type { PlainRequest } from "../../http1/index.ts";
import type { RestAnswer } from "./answer.ts";
import type { AddedHeaders, ApiRequest, Asked, BodyLimits } from "./api-request.ts";
import type { Body } from "./body.ts";

/** A request for the API that the front has read. */
export class FrontRequest implements ApiRequest {
  added: AddedHeaders | undefined;
  readonly #request: PlainRequest<Asked>;

  constructor(request: PlainRequest<Asked>) {
    this.#request = request;
  }

  get asked(): Asked {
    return this.#request.route;
  }

  get header(): (name: string) => string | undefined {
    return this.#request.header;
  }

  get gaveUp(): CallSignal {
    return this.#request.signal;
  }

  get hasBody(): boolean {
    return this.#request.contentLength > 0;
  }

  /** Its length is one that the front was told to take. */
  readBody({ room }: BodyLimits): Body | Promise<Body> {
    room.growTo(this.#request.contentLength);
    const { body } = this.#request;
    return body === undefined ? this.#rest() : read(body);
  }

  addHeader(name: string, value: string): void {
    this.added = { ...this.added, [name]: value };
  }

  send({ status, headers, body }: RestAnswer, close: boolean): void {
    this.#request.answer(status, headers, body, close);
  }

  sendUnread(answer: RestAnswer): void {
    this.send(answer, true);
  }

  async #rest(): Promise<Body> {
    const body = await this.#request.wholeBody();
    return body === undefined
      ? { is: "cut off", receivedBytes: this.#request.receivedBytes, unread: false }
      : read(body);
  }
}

function read(body: Buffer): Body {
  return { is: "read", parts: [body], length: body.length, receivedBytes: body.length };
}
