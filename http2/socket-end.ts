import type { Duplex } from "node:stream";

/** For the last bytes of a connection. */
const LINGER_MS = 1000;

/** Ends a socket: what has been written may still leave, but an end that doesn't take it keeps no socket. */
export function endSocket(socket: Duplex): void {
  const limit = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => clearTimeout(limit));
  // Nobody wants to know any more.
  socket.on("error", () => {});
  socket.end(() => socket.destroy());
}
