import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type FrontOptions, type HttpFront, type PlainRequest, standBefore } from "../../http1/index.ts";

export interface FrontUnderTest extends AsyncDisposable {
  readonly front: HttpFront;
  readonly server: Server;
  /** Requests from their head until their answer has left or is wanted no more. */
  readonly counted: { now: number; ever: number };
  /** What the front has refused, by code. */
  readonly refused: string[];
  connect(): Socket;
}

/** Answers by what it was asked, and who it is. */
export type Serve = (request: PlainRequest<string>) => void;

/** A front that says `front: BODY` to each request, before a server that says `behind: METHOD BODY`. */
export async function startFront(
  options: Partial<Omit<FrontOptions<string>, "timeouts" | "serve">> & {
    readonly serve?: Serve;
    readonly timeouts?: Partial<FrontOptions<string>["timeouts"]>;
  } = {},
): Promise<FrontUnderTest> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.end(`behind: ${request.method} ${Buffer.concat(chunks).toString()}`));
  });
  const counted = { now: 0, ever: 0 };
  const refused: string[] = [];
  const front = standBefore<string>(server, {
    route: ({ target }) => (target === "/behind" ? undefined : target),
    takes: () => true,
    serve: (request) => void echo(request),
    refuse(error, socket) {
      refused.push(error.code);
      socket.end(`refused: ${error.code}`);
    },
    counter: {
      enter() {
        counted.now++;
        counted.ever++;
      },
      leave() {
        counted.now--;
      },
    },
    ...options,
    timeouts: { headersMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000, lookMs: 10, ...options.timeouts },
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    front,
    server,
    counted,
    refused,
    connect: () => connect((server.address() as AddressInfo).port, "127.0.0.1"),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      front.destroy();
      await closed;
    },
  };
}

export async function echo(request: PlainRequest<string>): Promise<void> {
  const body = request.body ?? (await request.wholeBody());
  if (body !== undefined) request.answer(200, {}, Buffer.from(`front: ${body.toString()}`), false);
}

/** A request that the front reads itself. */
export function plain(body: string, target = "/a"): string {
  return `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The same request in another form, which is for the server behind. */
export function odd(body: string): string {
  return `POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** Bodies of answers, in order, as soon as so many have come. */
export async function bodies(socket: Socket, count: number): Promise<string[]> {
  const answers = new AnswerReader();
  while (answers.bodies.length < count) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    answers.add(chunk);
  }
  return answers.bodies;
}

/** Takes answers apart, by their lengths or chunks. */
class AnswerReader {
  readonly bodies: string[] = [];
  #text = "";

  add(chunk: Buffer): void {
    this.#text += chunk.toString("latin1");
    for (;;) {
      const match = /^HTTP\/1\.1 \d+ [^\r]*\r\n(?:[^\r]+\r\n)*?content-length: (\d+)\r\n(?:[^\r]+\r\n)*\r\n/i.exec(
        this.#text,
      );
      const end = match === null ? Number.POSITIVE_INFINITY : match[0].length + Number(match[1]);
      if (match === null || this.#text.length < end) return;
      this.bodies.push(this.#text.slice(match[0].length, end));
      this.#text = this.#text.slice(end);
    }
  }
}
