import { symbols } from "pino";
import { DEFAULT_SIGNATURE, type Logger } from "../../core/index.ts";
import type { Access, AccessLog } from "./access.ts";

/** What pino's `symbols` open up of a logger: where its lines go, and what each of them has. */
interface Insides {
  readonly [symbols.streamSym]: { write(line: string): void };
  /** `,"name":"gateway"` and so on. */
  readonly [symbols.chindingsSym]: string;
}

const INFO = 30;

/**
 * One line a request at level info; nothing is built while that level is off. Text from clients stands as they sent it,
 * escaped as JSON. The line is that of `log.info(facts, "access")`, joined here: pino looks at each fact for what it may be,
 * which took a tenth of a small request's time.
 */
export function createAccessLog(log: Logger): AccessLog {
  const insides = log as unknown as Insides;
  const { [symbols.streamSym]: stream, [symbols.chindingsSym]: bindings } = insides;
  return (access) => {
    if (!log.isLevelEnabled("info")) return;
    stream.write(`{"level":${INFO},"time":${Date.now()}${bindings}${factsOf(access)},"msg":"access"}\n`);
  };
}

function factsOf({ arrival, outcome, spec, target, client, seconds }: Access): string {
  const { error } = outcome;
  const version = target === undefined ? askedVersion(spec) : String(target.version);
  return (
    `,"protocol":"${arrival.protocol}","method":"${arrival.method}","request":${quoted(arrival.request)}` +
    optional("model", target?.name ?? spec?.name) +
    optional("version", version) +
    optional("signature", spec && (spec.signature || DEFAULT_SIGNATURE)) +
    `,"code":"${outcome.code}"${outcome.httpStatus === undefined ? "" : `,"status":${outcome.httpStatus}`}` +
    `,"durationMs":${Math.round(seconds * 1e6) / 1e3},"bytesIn":${outcome.bytesIn},"bytesOut":${outcome.bytesOut}` +
    `,"client":${quoted(arrival.client)}` +
    optional("clientName", client) +
    (error === undefined ? "" : `,"origin":"${error.origin}","error":${quoted(error.message)}`)
  );
}

function optional(key: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${key}":${quoted(value)}`;
}

/** As JSON; most texts need no look at each character. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** As the client named it; nothing when it asked for the latest. */
function askedVersion(spec: Access["spec"]): string | undefined {
  if (spec?.choice.by === "version") return String(spec.choice.version);
  return spec?.choice.by === "label" ? `label ${spec.choice.label}` : undefined;
}
