import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../core/index.ts";
import type { Backend } from "../backend.ts";
import type { ConfigFacts } from "../control/index.ts";
import type { Metrics } from "../observe/index.ts";
import { jsonAnswer, jsonText, type RestAnswer, send } from "./answer.ts";
import { encoded } from "./encoding.ts";
import { overviewJson } from "./overview.ts";

export interface HealthParts {
  readonly backend: Backend;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly draining: () => boolean;
  readonly configFacts?: () => Promise<ConfigFacts>;
  /** Of TensorFlow Serving's metrics; undefined: none. */
  readonly monitoringPath: string | undefined;
}

const METRICS_PATH = "/metrics";

/** Where fastify's router finds what stands at the monitoring path: nothing that a request could ask for by itself. */
export const MONITORING_PATH = "/ monitoring";

/**
 * What orchestrators and Prometheus ask. Such requests come by themselves, every few seconds: they are not counted, and
 * logged only at level debug.
 */
export function addHealthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const { backend, metrics, log, draining, monitoringPath } = parts;
  const route = (
    url: string,
    answer: () => RestAnswer | Promise<RestAnswer>,
    method: string | readonly string[] = "GET",
  ): void => {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const answered = await answer();
      log.debug({ protocol: "rest", request: `${request.method} ${url}`, status: answered.status }, "access");
      const compressed = await encoded(request.headers["accept-encoding"], answered);
      reply.hijack();
      send(reply.raw, compressed, draining());
      return reply;
    };
    app.route({ method: typeof method === "string" ? method : [...method], url, handler });
  };

  route("/healthz", () => jsonAnswer(jsonText({ status: "ok" })));
  route("/readyz", () => {
    const missing = draining() ? ["the server is shutting down"] : backend.missing();
    return { ...jsonAnswer(jsonText(missing)), status: missing.length === 0 ? 200 : 503 };
  });
  route("/statusz", async () => jsonAnswer(overviewJson(backend, draining(), await parts.configFacts?.())));
  route(METRICS_PATH, async () => ({
    status: 200,
    body: Buffer.from(await metrics.page("own")),
    headers: { "content-type": metrics.contentType },
  }));
  if (monitoringPath === undefined) return;
  const monitored = async (): Promise<RestAnswer> => ({
    status: 200,
    body: Buffer.from(await metrics.page("serving")),
    headers: { "content-type": "text/plain" },
  });
  // TensorFlow Serving answers every method there.
  route(MONITORING_PATH, monitored, app.supportedMethods);
}
