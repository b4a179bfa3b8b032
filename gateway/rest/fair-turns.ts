import type { Readable } from "node:stream";

/** Some milliseconds of reading and copying. */
const TURN_BYTES = 2 * 2 ** 20;

/**
 * Lets long bodies in by turns. In one turn of the event loop Node reads up to 2 MiB of each socket that has as much; with fifty of
 * them nothing else would be done for a tenth of a second.
 */
export interface FairTurns {
  /** `stream` has given a chunk; it pauses until the next turn when this one has had its share. */
  received(bytes: number, stream: Readable): void;
}

export function createFairTurns(): FairTurns {
  let bytesNow = 0;
  let paused: Readable[] = [];
  const next = (): void => {
    const resumed = paused;
    bytesNow = 0;
    paused = [];
    for (const stream of resumed) stream.resume();
  };
  return {
    received(bytes, stream) {
      if (bytesNow === 0) setImmediate(next);
      bytesNow += bytes;
      if (bytesNow <= TURN_BYTES) return;
      stream.pause();
      paused.push(stream);
    },
  };
}
