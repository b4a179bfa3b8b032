import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { onceSent } from "../linger.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Writes an upstream's answer to the client as it comes, as fast as the client takes it: its head with the first piece of the
 * body, or alone where none is there yet. Breaks off if the upstream does. It ends a moment later if the client is still
 * sending its request. Fastify's own way to send a stream watches it from both ends and would need the head apart, which
 * `bench/http.ts` shows.
 */
export function relay(exchange: Exchange, answer: IncomingMessage, headers: OutgoingHttpHeaders): void {
  const { request, response } = exchange;
  let hasBegun = false;
  response.writeHead(answer.statusCode ?? 502, headers);
  answer.on("data", (piece: Buffer) => {
    hasBegun = true;
    exchange.bytesOut += piece.length;
    exchange.onAnswerPiece?.();
    if (!response.write(piece)) answer.pause();
  });
  response.on("drain", () => answer.resume());
  answer.once("end", () => {
    hasBegun = true;
    exchange.end(response.statusCode);
    if (request.complete) response.end();
    else onceSent(request, () => response.end());
  });
  answer.once("close", () => {
    if (!answer.readableEnded) response.destroy();
  });
  setImmediate(() => {
    if (!hasBegun && !response.destroyed) response.flushHeaders();
  });
}
