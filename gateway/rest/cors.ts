import type { RestConfig } from "../../config/index.ts";
import type { RestAnswer } from "./answer.ts";

const METHODS = { "access-control-allow-methods": "POST, GET" };
const ALLOWED = { ...METHODS, "access-control-allow-headers": "Content-Type" };
/** Pages of origins that are named may be clients. */
const NAMED = { ...METHODS, "access-control-allow-headers": "Content-Type, Authorization" };

/**
 * The headers of `--rest_api_enable_cors_support`, which go on every answer of the API; of a list of origins only those of
 * the list get them.
 */
export function withCors(cors: RestConfig["cors"], origin: string | undefined, answer: RestAnswer): RestAnswer {
  if (cors === false) return answer;
  if (cors === true) return withHeaders(answer, { "access-control-allow-origin": "*", ...ALLOWED });
  const allowed = origin !== undefined && cors.includes(origin);
  return withHeaders(answer, {
    vary: "Origin",
    ...(allowed ? { "access-control-allow-origin": origin, ...NAMED } : {}),
  });
}

function withHeaders(answer: RestAnswer, headers: RestAnswer["headers"]): RestAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
