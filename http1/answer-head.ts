import { STATUS_CODES } from "node:http";

/** What an answer says besides its status and body. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/**
 * Writes the heads of answers as node:http does: names as they are given, then the length, then what belongs to the connection.
 * `keepAliveMs`: for how long a connection is kept that asks nothing.
 */
export function answerHeads(
  keepAliveMs: number,
): (status: number, headers: AnswerHeaders, bytes: number, close: boolean) => string {
  const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
  let tail = "";
  let untilMs = 0;
  return (status, headers, bytes, close) => {
    const nowMs = Date.now();
    if (nowMs >= untilMs || nowMs < untilMs - 1000) {
      tail = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
      untilMs = nowMs - (nowMs % 1000) + 1000;
    }
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    head += `content-length: ${bytes}\r\n`;
    return close ? `${head}connection: close\r\n${tail}\r\n` : head + tail + kept;
  };
}
