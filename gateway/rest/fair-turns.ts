import type { Readable } from "node:stream";

/** Some two milliseconds of reading and copying. */
const TURN_BYTES = 2 ** 19;

/** The least that one gives that flows again: what a socket reads at once. */
const CHUNK_BYTES = 2 ** 16;

/**
 * Lets long bodies in by turns. In one turn of the event loop Node reads up to 2 MiB of each socket that has as much; with fifty of
 * them nothing else would be done for a tenth of a second, and for longer where other threads have work for the same core.
 */
export interface FairTurns {
  /** `stream` has given a chunk; it pauses until a next turn when this one has had its share. */
  received(bytes: number, stream: Readable): void;
}

export function createFairTurns(): FairTurns {
  let bytesNow = 0;
  let isNextDue = false;
  const paused: Readable[] = [];
  const next = (): void => {
    bytesNow = 0;
    isNextDue = false;
    for (const stream of paused.splice(0, TURN_BYTES / CHUNK_BYTES)) stream.resume();
    if (paused.length > 0) nextIsDue();
  };
  const nextIsDue = (): void => {
    if (isNextDue) return;
    isNextDue = true;
    setImmediate(next);
  };
  return {
    received(bytes, stream) {
      nextIsDue();
      bytesNow += bytes;
      if (bytesNow <= TURN_BYTES) return;
      stream.pause();
      paused.push(stream);
    },
  };
}
