import type { RestConfig } from "../../config/index.ts";
import type { RestAnswer } from "./answer.ts";

const ALLOWED = {
  "access-control-allow-methods": "POST, GET",
  "access-control-allow-headers": "Content-Type",
};

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
    ...(allowed ? { "access-control-allow-origin": origin, ...ALLOWED } : {}),
  });
}

function withHeaders(answer: RestAnswer, headers: RestAnswer["headers"]): RestAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
