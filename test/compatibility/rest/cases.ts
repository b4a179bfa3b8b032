import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exchange, type HttpRequest } from "../../setup/http.ts";
import { MODELS, ROOT, startTensorgate, type Tensorgate } from "../../setup/tensorgate.ts";

/** What TensorFlow Serving answers to a request. */
export interface RestCase {
  /** Default: the request line and body. */
  readonly name?: string;
  readonly request: HttpRequest;
  /** Default: 200. */
  readonly status?: number;
  /** What the error message begins with; what comes behind is ours to add. */
  readonly error?: string;
  /** The whole body. */
  readonly text?: string;
  /** The body as JSON. */
  readonly json?: unknown;
  /** Headers in lower case; null: not there. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

const SMALL = join(ROOT, "test/data/models");

/** Models of the tests and of the examples by their folder's name. */
export function modelsNamed(...names: readonly string[]): readonly { name: string; path: string }[] {
  return names.map((name) => ({
    name,
    path: join(EXAMPLES.has(name) ? MODELS : SMALL, name),
  }));
}

const EXAMPLES: ReadonlySet<string> = new Set(["half_plus_two", "textcnn", "mnist_two_signatures", "linear"]);

/** One product for all tests of a file. */
export function sharedGateway(config: Record<string, unknown>): () => Tensorgate {
  let gateway: Tensorgate | undefined;
  beforeAll(async () => {
    gateway = await startTensorgate(config);
    await gateway.ready();
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());
  return () => {
    if (gateway === undefined) throw new Error("the gateway has not started");
    return gateway;
  };
}

/** A test for each case. */
export function holds(gateway: () => Tensorgate, cases: readonly RestCase[]): void {
  for (const { request, name = nameOf(request), status = 200, error, text, json, headers = {} } of cases) {
    test(`${name}: ${status}`, async () => {
      const reply = await exchange(gateway().rest, request);
      expect(reply.status, reply.text).toBe(status);
      if (error !== undefined) {
        const message: string = JSON.parse(reply.text).error;
        expect(message.slice(0, error.length)).toBe(error);
        expect(reply.headers["content-type"]).toBe("application/json");
      }
      if (text !== undefined) expect(reply.text).toBe(text);
      if (json !== undefined) expect(JSON.parse(reply.text)).toEqual(json);
      for (const [header, value] of Object.entries(headers)) expect(reply.headers[header] ?? null).toBe(value);
    });
  }
}

function nameOf({ method, path, body }: HttpRequest): string {
  const line = `${method ?? (body === undefined ? "GET" : "POST")} ${path}`;
  return body === undefined ? line : `${line} ${String(body).slice(0, 60)}`;
}

/** A predict request. */
export function predict(model: string, body: string | Uint8Array): HttpRequest {
  return { path: `/v1/models/${model}:predict`, body };
}
