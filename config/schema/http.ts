import { z } from "zod";
import { answerHeaders } from "./header-name.ts";
import { type UpstreamTls, upstreamTls } from "./http-tls.ts";
import { describe, list, scalar, section, Unfit } from "./scalar.ts";
import { type CallerKey, callerKey } from "./sticky.ts";
import { durationOrNone, integer, size, text, word } from "./units.ts";
import { checkArms, weight } from "./weights.ts";

/** One entry of `http:`: requests below a path go to another server, whatever that is. Swapped by a reload. */
export interface HttpConfig {
  /** For metrics, logs and errors; that of an entry without one is its prefix. Unique. */
  readonly name: string;
  /** `/sklearn`, without a slash at its end; "" takes all that nobody else has. Unique. */
  readonly prefix: string;
  /** Stands in the prefix's place on the way to the upstream; written as the prefix is. */
  readonly rewritePrefix: string;
  /** One, called "", where there is no split. */
  readonly arms: readonly HttpArm[];
  /** Ties a client to one of several arms; a body that only passes through is not looked at. */
  readonly sticky: CallerKey | undefined;
  /** Of those with `https:`; undefined: what the system trusts. */
  readonly tls: UpstreamTls | undefined;
  /** The longest silence of an upstream; `Infinity`: no limit. */
  readonly timeoutMs: number;
  /** From a request's arrival to the end of its answer; `Infinity`: no limit. */
  readonly maxDurationMs: number;
  /** A longer request body is refused (413). */
  readonly maxBytes: number;
  /** Requests under way at once; undefined: any number. One more is refused (503). */
  readonly maxInFlight: number | undefined;
  /** Others are refused (405). */
  readonly methods: readonly HttpMethod[];
  /** How often a request is sent again, to another endpoint, of which nothing has been sent yet. */
  readonly retries: number;
  /** Sent with each answer; names are in lower case. */
  readonly responseHeaders: ReadonlyMap<string, string>;
}

export interface HttpArm {
  /** Unique in its entry. */
  readonly name: string;
  /** Endpoints of one service, each an origin: `http://127.0.0.1:9000`. */
  readonly upstreams: readonly string[];
  /** At least 0, relative to the other arms' sum; at least one arm has more than 0. */
  readonly weight: number;
}

export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** First segments of the paths that are the gateway's own, whatever the configuration says. */
export const OWN_PATHS: ReadonlySet<string> = new Set(["admin", "healthz", "readyz", "statusz", "metrics"]);

/** What may stand in a path as it is (RFC 3986, 3.3), but for percent-encoded bytes: there are two ways to write these. */
const PATH = /^\/[\w.~:@!$&'()*+,;=/-]*$/;

function path(check: (path: string) => Unfit | undefined): z.ZodType<string> {
  return scalar("a path like /sklearn", { type: "string", pattern: "^/" }, (value) => {
    if (typeof value !== "string" || !PATH.test(value)) return undefined;
    const written = withoutLastSlash(value);
    if (/\/(\.{0,2})(\/|$)/.test(written))
      return new Unfit(`expected a path without empty segments and dots, got "${value}"`);
    return check(written) ?? written;
  });
}

export function withoutLastSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** As {@link HttpConfig.prefix}. */
const prefix = path((written) => {
  const [, first = ""] = written.split("/");
  if (OWN_PATHS.has(first)) return new Unfit(`/${first} is the gateway's own`);
  const isApi = written === "/v1" || written === "/v1/models";
  return isApi ? new Unfit(`${written} is the REST API's own, expected a longer one like /v1/models/NAME`) : undefined;
});

function origin(): z.ZodType<string> {
  return scalar("an upstream like http://127.0.0.1:9000", { type: "string", pattern: "^https?://" }, (value) => {
    if (typeof value !== "string" || !/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined;
    const url = new URL(value);
    if (url.href === `${url.origin}/`) return url.origin;
    return new Unfit(`expected only scheme, host and port, got ${describe(value)}: a path belongs in rewritePrefix`);
  });
}

/** Of an origin. */
export function isSecure(upstream: string): boolean {
  return upstream.startsWith("https:");
}

const endpoints = {
  upstream: origin().optional().describe("Where requests go: http://host:port or https://host:port."),
  upstreams: list(origin(), 1).optional().describe("Several endpoints of one service, in place of upstream."),
};

type Endpoints = { readonly [Key in keyof typeof endpoints]?: z.infer<(typeof endpoints)[Key]> };

/** In the order of the file; undefined when there are none, or both keys. */
function upstreamsOf({ upstream, upstreams }: Endpoints): readonly string[] | undefined {
  if (upstream !== undefined && upstreams !== undefined) return undefined;
  return upstream === undefined ? upstreams && [...new Set(upstreams)] : [upstream];
}

const arm = section({
  name: text().describe("For metrics and headers."),
  ...endpoints,
  weight: weight().describe("Relative to the sum of all arms, or a percentage."),
}).transform((input, context) => {
  const upstreams = upstreamsOf(input);
  if (upstreams !== undefined) return { name: input.name, upstreams, weight: input.weight };
  context.addIssue({ code: "custom", message: "expected exactly one of upstream, upstreams", input });
  return z.NEVER;
});

const entry = section({
  name: text().optional().describe("For metrics, logs and errors; default: its prefix."),
  prefix: prefix.describe("Requests whose path begins with this; the longest prefix decides."),
  rewritePrefix: path(() => undefined)
    .prefault("/")
    .describe("Stands in the prefix's place on the way to the upstream."),
  ...endpoints,
  split: list(arm, 1).optional().describe("One of these by chance, by weight."),
  sticky: callerKey("arm").optional().describe("Ties equal requests to one arm of the split."),
  tls: upstreamTls.optional().describe("How upstreams with https are spoken to."),
  timeout: durationOrNone().prefault("30s").describe("The longest silence of an upstream."),
  maxDuration: durationOrNone()
    .prefault("none")
    .describe("How long a request may take in all, up to the end of its answer."),
  maxBytes: size().prefault("256MiB").describe("A longer request body is refused with 413."),
  maxInFlight: integer(1).optional().describe("Requests under way at once, else 503; default: any number."),
  methods: list(word(...HTTP_METHODS), 1)
    .prefault([...HTTP_METHODS])
    .describe("Others are refused with 405."),
  retries: integer(0)
    .prefault(2)
    .describe("How often a request is sent to another endpoint when one cannot be reached."),
  responseHeaders: answerHeaders().prefault({}).describe("Headers of each answer."),
}).transform((input, context): HttpConfig => {
  const wrong = (message: string, ...path: PropertyKey[]): void =>
    context.addIssue({ code: "custom", message, path, input });
  const { name, prefix, rewritePrefix, split, sticky, tls, timeout, maxDuration } = input;
  const { maxBytes, maxInFlight, methods, retries } = input;
  const upstreams = upstreamsOf(input);
  const given = [input.upstream, input.upstreams, split].filter((each) => each !== undefined).length;
  if (given !== 1) {
    wrong("expected exactly one of upstream, upstreams, split");
    return z.NEVER;
  }
  if (sticky !== undefined && split === undefined) wrong("is for a split only", "sticky");
  if (split !== undefined) checkArms(split, undefined, wrong);
  const arms = split?.map((each) => ({ ...each, weight: each.weight.value })) ?? [
    { name: "", upstreams: upstreams ?? [], weight: 1 },
  ];
  if (tls !== undefined && !arms.some((each) => each.upstreams.some(isSecure)))
    wrong("is for https:// upstreams", "tls");
  return {
    name: name ?? (prefix || "/"),
    prefix,
    rewritePrefix,
    arms,
    sticky,
    tls,
    timeoutMs: timeout,
    maxDurationMs: maxDuration,
    maxBytes,
    maxInFlight,
    methods,
    retries,
    responseHeaders: input.responseHeaders,
  };
});

/** All of `http:`. */
export const httpSchema: z.ZodType<readonly HttpConfig[]> = list(entry);
