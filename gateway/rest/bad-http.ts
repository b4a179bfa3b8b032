import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorBody } from "../../tensor/index.ts";

const STATUS_OF: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** As Node's HTTP parser reports what it cannot read. */
interface ParseError extends Error {
  readonly code?: string;
  /** The bytes that came last, a Buffer whatever fastify's types say. */
  readonly rawPacket?: unknown;
}

/** Answers what is no HTTP request at all, and ends the connection: after a broken request nobody knows where the next begins. */
export function answerBadHttp(error: ParseError, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  endWith(socket, statusOf(error), errorBody(`Bad HTTP request: ${error.message}`));
}

function statusOf({ code = "", rawPacket }: ParseError): number {
  // A request line all the same, only that nobody knows the method.
  if (code === "HPE_INVALID_METHOD" && /^[A-Z]+ \S+ HTTP\/1\./.test(String(rawPacket))) return 501;
  return STATUS_OF[code] ?? 400;
}

/** This is no proxy. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  endWith(socket, 501, errorBody("Bad HTTP request: CONNECT is for proxies"));
}

function endWith(socket: Duplex, status: number, body: Uint8Array): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  socket.on("error", () => {});
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.end(body, () => socket.destroy());
}
