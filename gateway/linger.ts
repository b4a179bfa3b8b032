import type { IncomingMessage } from "node:http";

/** How long a client may go on sending a body that is not wanted, so that it finds time to read the answer. */
const LINGER_MS = 1_000;

/**
 * Calls back once a request has come whole, its client has gone, or that has taken a second. To end the connection of a
 * client that is still sending would reset it, and the client would lose what it has not read yet (RFC 9112, 9.6).
 */
export function onceSent(request: IncomingMessage, act: () => void): void {
  const done = (): void => {
    clearTimeout(timer);
    request.off("end", done).off("close", done);
    act();
  };
  const timer = setTimeout(done, LINGER_MS);
  request.once("end", done).once("close", done);
}
