import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, Transform } from "node:stream";

/** How long a client may go on sending a body after it has its answer. */
const LINGER_MS = 1_000;

/**
 * The same answer; it ends a moment later if the client is still sending its request. Ending the connection at once would
 * reset it, and the client would lose what it has not read yet (RFC 9112, 9.6).
 */
export function lingering(answer: IncomingMessage, request: IncomingMessage): Readable {
  if (request.complete) return answer;
  const whole = new Transform({
    transform: (piece, _encoding, done) => done(null, piece),
    flush(done) {
      if (request.complete) return done();
      const end = (): void => {
        clearTimeout(timer);
        request.off("end", end).off("close", end);
        done();
      };
      const timer = setTimeout(end, LINGER_MS);
      request.once("end", end).once("close", end);
    },
  });
  // Who reads it learns of errors.
  return pipeline(answer, whole, () => {});
}
