import type { Socket } from "node:net";
import type { PlainRequest } from "./exchange.ts";
import type { Head } from "./head.ts";

export interface FrontOptions<Route> {
  /** What a head asks for; undefined: that is for the server behind. Asked again only where a connection sends another head, or heads were to be forgotten. */
  readonly route: (head: Head, socket: Socket) => Route | undefined;
  /** Whether a body of that length is read here, at this moment. */
  readonly takes: (bodyBytes: number) => boolean;
  /** Answers a request, later or at once. Must not throw. */
  readonly serve: (request: PlainRequest<Route>) => void;
  /** Told of each piece of a body that comes in several: the socket may be paused until the loop's next turn. */
  readonly onPiece?: (bytes: number, socket: Socket) => void;
  /** Says what is wrong to a client that has taken too long, or has left off in the middle, and ends the connection. */
  readonly refuse: (error: Error & { readonly code: string }, socket: Socket) => void;
  /** Told of each request from its head on until its answer has left or is wanted no more. */
  readonly counter: { enter(): void; leave(): void };
  readonly timeouts: FrontTimeouts;
}

export interface FrontTimeouts {
  /** For the first head of a connection. */
  readonly headersMs: number;
  /** For a body, from its head on; and for a client that takes nothing of its answer. */
  readonly requestMs: number;
  /** Between an answer and the next request. */
  readonly keepAliveMs: number;
  /** How often is looked whether any of these has passed. */
  readonly lookMs: number;
}
