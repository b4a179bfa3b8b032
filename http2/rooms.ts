/** What a long message is kept in at most, piece by piece. */
export const ROOM_BYTES: number = 2 ** 20;

/** Taken for a message at once. */
const FIRST_ROOM_BYTES = 65_536;

/** Where messages get their memory, and what becomes of it. */
export interface Rooms {
  /** For so many bytes that are still to come, or a part of them; so many have come before. */
  take(missingBytes: number, comeBytes: number): Buffer;
  /** Nobody looks at it any more. */
  giveBack(room: Buffer): void;
}

/** Memory that is left to the garbage collector. A message gets as much again as has come of it: a length costs nothing to say. */
export const NEW_ROOMS: Rooms = {
  take: (missingBytes, comeBytes) =>
    Buffer.allocUnsafe(Math.min(missingBytes, ROOM_BYTES, Math.max(FIRST_ROOM_BYTES, comeBytes))),
  giveBack() {},
};

/** A shorter message gets memory of its own length, which costs little. */
const SHORT_BYTES = 32_768;

/**
 * Memory that is used again once it is given back: what V8 has to find out that it is free costs more than all else of a long
 * message. Rooms have few sizes, so that those of one message fit the next one of its kind.
 */
export class ReusedRooms implements Rooms {
  readonly #free = new Map<number, Buffer[]>();
  readonly #maxFreeBytes: number;
  #freeBytes = 0;

  /** `maxFreeBytes`: how much is kept while nobody uses it. */
  constructor(maxFreeBytes: number) {
    this.#maxFreeBytes = maxFreeBytes;
  }

  take(missingBytes: number, comeBytes: number): Buffer {
    if (missingBytes < SHORT_BYTES) return Buffer.allocUnsafe(missingBytes);
    const whole = Math.ceil(missingBytes / FIRST_ROOM_BYTES) * FIRST_ROOM_BYTES;
    const size = comeBytes === 0 ? FIRST_ROOM_BYTES : Math.min(ROOM_BYTES, whole);
    // What was used last is still in the processor's caches.
    const room = this.#free.get(size)?.pop();
    if (room === undefined) return Buffer.allocUnsafeSlow(size);
    this.#freeBytes -= size;
    return room;
  }

  giveBack(room: Buffer): void {
    const size = room.length;
    if (size < FIRST_ROOM_BYTES) return;
    // Perhaps of sizes that nobody asks for any more.
    if (this.#freeBytes + size > this.#maxFreeBytes) {
      this.#free.clear();
      this.#freeBytes = 0;
    }
    const same = this.#free.get(size);
    if (same === undefined) this.#free.set(size, [room]);
    else same.push(room);
    this.#freeBytes += size;
  }
}
