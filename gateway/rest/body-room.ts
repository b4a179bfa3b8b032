import { totalmem } from "node:os";

/** Up to this much a body is always read: predictions of a few numbers go on while big ones are refused. */
const FREE_BYTES = 64 * 2 ** 10;

/** A request takes about three times its body while it is answered. */
const MEMORY_SHARE = 1 / 8;

/** What the bodies of all requests may take together. */
export interface BodyRoom {
  readonly bytesInFlight: number;
  /** Whether a body of that length would be let in now. */
  has(bytes: number): boolean;
  /** For one request; given back when disposed. */
  enter(): HeldRoom;
}

export interface HeldRoom extends Disposable {
  /** Holds room for that many bytes in all; false, and what was held before, where there is none left. */
  growTo(bytes: number): boolean;
}

/** `maxBytes` undefined: an eighth of the memory that this process may use. A body that is alone is let in at any length. */
export function createBodyRoom(maxBytes: number = defaultMaxBytes()): BodyRoom {
  let inFlight = 0;
  const fits = (more: number, others: number): boolean => others === 0 || inFlight + more <= maxBytes;
  return {
    get bytesInFlight() {
      return inFlight;
    },
    has: (bytes) => bytes <= FREE_BYTES || fits(bytes, inFlight),
    enter() {
      let held = 0;
      return {
        growTo(bytes) {
          if (bytes <= FREE_BYTES || bytes <= held) return true;
          if (!fits(bytes - held, inFlight - held)) return false;
          inFlight += bytes - held;
          held = bytes;
          return true;
        },
        [Symbol.dispose]() {
          inFlight -= held;
          held = 0;
        },
      };
    },
  };
}

/** A container's limit counts, where there is one. */
function defaultMaxBytes(): number {
  const limit = process.constrainedMemory() ?? 0;
  const total = totalmem();
  return Math.floor((limit > 0 && limit < total ? limit : total) * MEMORY_SHARE);
}
