import { DEFAULT_SIGNATURE, type Logger } from "../../core/index.ts";
import type { Access, AccessLog } from "./access.ts";

/** One line a request at level info; nothing is built while that level is off. Text from clients stands as they sent it, escaped as JSON. */
export function createAccessLog(log: Logger): AccessLog {
  return (access) => {
    if (log.isLevelEnabled("info")) log.info(lineOf(access), "access");
  };
}

function lineOf({ arrival, outcome, spec, target, seconds }: Access): Record<string, unknown> {
  const { error } = outcome;
  return {
    protocol: arrival.protocol,
    method: arrival.method,
    request: arrival.request,
    model: target?.name ?? spec?.name,
    version: target === undefined ? askedVersion(spec) : String(target.version),
    signature: spec === undefined ? undefined : spec.signature || DEFAULT_SIGNATURE,
    code: outcome.code,
    status: outcome.httpStatus,
    durationMs: Math.round(seconds * 1e6) / 1e3,
    bytesIn: outcome.bytesIn,
    bytesOut: outcome.bytesOut,
    client: arrival.client,
    ...(error === undefined ? {} : { origin: error.origin, error: error.message }),
  };
}

/** As the client named it; nothing when it asked for the latest. */
function askedVersion(spec: Access["spec"]): string | undefined {
  if (spec?.choice.by === "version") return String(spec.choice.version);
  return spec?.choice.by === "label" ? `label ${spec.choice.label}` : undefined;
}
