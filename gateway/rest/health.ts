import type { FastifyInstance } from "fastify";
import type { Logger } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { Metrics } from "../observe/index.ts";
import { jsonAnswer, jsonText, type RestAnswer, send } from "./answer.ts";
import { encoded } from "./encoding.ts";

export interface HealthParts {
  readonly backend: Backend;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly draining: () => boolean;
}

export const METRICS_PATH = "/metrics";

/**
 * What orchestrators and Prometheus ask. Such requests come by themselves, every few seconds: they are not counted, and
 * logged only at level debug.
 */
export function addHealthRoutes(app: FastifyInstance, { backend, metrics, log, draining }: HealthParts): void {
  const route = (url: string, answer: () => RestAnswer | Promise<RestAnswer>): void => {
    app.get(url, async (request, reply) => {
      const answered = await answer();
      log.debug({ protocol: "rest", request: `${request.method} ${url}`, status: answered.status }, "access");
      send(reply, await encoded(request.headers["accept-encoding"], answered), draining());
      return reply;
    });
  };

  route("/healthz", () => jsonAnswer(jsonText({ status: "ok" })));
  route("/readyz", () => {
    const missing = draining() ? ["the server is shutting down"] : backend.missing();
    return { ...jsonAnswer(jsonText(missing)), status: missing.length === 0 ? 200 : 503 };
  });
  route(METRICS_PATH, async () => ({
    status: 200,
    body: Buffer.from(await metrics.render()),
    headers: { "content-type": metrics.contentType },
  }));
}
