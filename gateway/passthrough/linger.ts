import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, Transform } from "node:stream";
import { onceSent } from "../linger.ts";

/** The same answer; it ends a moment later if the client is still sending its request. */
export function lingering(answer: IncomingMessage, request: IncomingMessage): Readable {
  if (request.complete) return answer;
  const whole = new Transform({
    transform: (piece, _encoding, done) => done(null, piece),
    flush(done) {
      if (request.complete) done();
      else onceSent(request, done);
    },
  });
  // Who reads it learns of errors.
  return pipeline(answer, whole, () => {});
}
