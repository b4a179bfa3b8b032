/** The head of a plain request: a POST with a body of known length and nothing about it that needs a second look. */
export interface Head {
  /** From its first byte to the empty line's end, a character a byte. */
  readonly text: string;
  /** The request target as it came: a path of plain characters, without a query. */
  readonly target: string;
  /** Of the body that follows. */
  readonly contentLength: number;
  /** A header's value by its lower-case name. */
  readonly header: (name: string) => string | undefined;
}

/** What a head is looked for in. Far below Node's 16 KiB and 2000 headers: what is plain here is never too long there. */
export const MAX_HEAD_BYTES = 8192;
const MAX_HEADERS = 100;

/*
 * Much less than RFC 9112 allows, and no byte that two readers could take for different things: line ends are CRLF, names are
 * tokens with the colon behind them, values are printable ASCII in one line without spaces behind them.
 */
const REQUEST_LINE = /POST (\/[\w.~%:/@!$&'()*+,;=-]*) HTTP\/1\.1\r\n/y;
const HEADER = /([\w!#$%&'*+.^`|~-]+): *([!-~](?:[ -~]*[!-~])?|)\r\n/y;
const LENGTH = /^(?:0|[1-9]\d{0,14})$/;

/** These have a meaning for the connection or the body that only a whole HTTP server knows. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "content-encoding",
  "expect",
  "upgrade",
  "trailer",
  "te",
  "proxy-connection",
]);

/**
 * The head that `text` begins with, the first {@link MAX_HEAD_BYTES} of what has come. "more" where it may still become one, undefined where it is for another server: it is
 * something else than a plain request, or broken.
 */
export function parseHead(text: string): Head | "more" | undefined {
  REQUEST_LINE.lastIndex = 0;
  const line = REQUEST_LINE.exec(text);
  if (line === null) return mayBecomeLine(text) ? "more" : undefined;
  const headers = new Map<string, string>();
  let at = REQUEST_LINE.lastIndex;
  while (text.charCodeAt(at) !== 13) {
    HEADER.lastIndex = at;
    const match = HEADER.exec(text);
    if (match === null) return mayBecomeHeader(text, at) ? "more" : undefined;
    const name = (match[1] as string).toLowerCase();
    // Which of two counts, or that both do, depends on the name.
    if (headers.has(name) || headers.size === MAX_HEADERS || NOT_PLAIN.has(name)) return undefined;
    headers.set(name, match[2] as string);
    at = HEADER.lastIndex;
  }
  if (at + 1 === text.length) return "more";
  if (text.charCodeAt(at + 1) !== 10) return undefined;
  return headOf(text.slice(0, at + 2), line[1] as string, headers);
}

function headOf(text: string, target: string, headers: ReadonlyMap<string, string>): Head | undefined {
  const length = headers.get("content-length") ?? "";
  const connection = headers.get("connection")?.toLowerCase() ?? "keep-alive";
  if (!LENGTH.test(length) || !headers.has("host") || connection !== "keep-alive") return undefined;
  return { text, target, contentLength: Number(length), header: (name) => headers.get(name) };
}

const BEFORE_TARGET = "POST /";
const AFTER_TARGET = "HTTP/1.1\r";
const UNFINISHED_LINE = /^POST \/[\w.~%:/@!$&'()*+,;=-]*(?: (.*))?$/s;
const UNFINISHED_HEADER = /(?:[\w!#$%&'*+.^`|~-]+(?::[ -~]*\r?)?)?$/y;

/** Whether a request line is under way that has gone well so far. */
function mayBecomeLine(text: string): boolean {
  if (text.length < BEFORE_TARGET.length) return BEFORE_TARGET.startsWith(text);
  const match = UNFINISHED_LINE.exec(text);
  return match !== null && AFTER_TARGET.startsWith(match[1] ?? "") && isShort(text);
}

function mayBecomeHeader(text: string, at: number): boolean {
  UNFINISHED_HEADER.lastIndex = at;
  return UNFINISHED_HEADER.test(text) && isShort(text);
}

/** What is looked at has not come to its end yet. */
function isShort(text: string): boolean {
  return text.length < MAX_HEAD_BYTES;
}
