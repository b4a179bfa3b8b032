import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startTensorgate, type Tensorgate } from "./tensorgate.ts";

/** A real HTTP server on a free port of 127.0.0.1. */
export interface Upstream extends AsyncDisposable {
  readonly origin: string;
  readonly server: Server;
  /** Requests that have come, the finished ones too. */
  readonly requests: readonly IncomingMessage[];
}

/** `port` 0: any free one. */
export async function startUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  port = 0,
): Promise<Upstream> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    requests,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A body, whole. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers with what it has got. */
export async function tellRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  const body = await bodyOf(request);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ method, url, headers, body: body.toString() }));
}

/** Answers each request with its own name. */
export function named(name: string): RequestListener {
  return (request, response) => {
    request.resume();
    response.end(name);
  };
}

/** A gateway without a model, and without workers, that passes requests on. */
export function startPassing(
  http: readonly Record<string, unknown>[],
  more: Record<string, unknown> = {},
): Promise<Tensorgate> {
  return startTensorgate(passing(http, more));
}

/** Its configuration. */
export function passing(
  http: readonly Record<string, unknown>[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  // Nobody is there, and nobody is asked.
  return { models: [], workers: { endpoints: ["127.0.0.1:1"] }, http, ...more };
}
