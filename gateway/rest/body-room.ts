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
  return new Room(maxBytes);
}

class Room implements BodyRoom {
  bytesInFlight = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  has(bytes: number): boolean {
    return bytes <= FREE_BYTES || this.fits(bytes, this.bytesInFlight);
  }

  fits(more: number, others: number): boolean {
    return others === 0 || this.bytesInFlight + more <= this.#maxBytes;
  }

  enter(): HeldRoom {
    return new Held(this);
  }
}

class Held implements HeldRoom {
  readonly #room: Room;
  #held = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  growTo(bytes: number): boolean {
    if (bytes <= FREE_BYTES || bytes <= this.#held) return true;
    if (!this.#room.fits(bytes - this.#held, this.#room.bytesInFlight - this.#held)) return false;
    this.#room.bytesInFlight += bytes - this.#held;
    this.#held = bytes;
    return true;
  }

  [Symbol.dispose](): void {
    this.#room.bytesInFlight -= this.#held;
    this.#held = 0;
  }
}

/** A container's limit counts, where there is one. */
function defaultMaxBytes(): number {
  const limit = process.constrainedMemory() ?? 0;
  const total = totalmem();
  return Math.floor((limit > 0 && limit < total ? limit : total) * MEMORY_SHARE);
}
