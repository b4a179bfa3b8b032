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

/** Memory that is used again and again, for those who trust the other end: what V8 has to find out that it is free costs more than all else of a long message. */
export class ReusedRooms implements Rooms {
  readonly #free: Buffer[] = [];
  readonly #maxFree: number;

  /** `maxFree`: how many rooms are kept while nobody uses them. */
  constructor(maxFree: number) {
    this.#maxFree = maxFree;
  }

  take(missingBytes: number): Buffer {
    if (missingBytes <= FIRST_ROOM_BYTES) return Buffer.allocUnsafe(missingBytes);
    // What was used last is still in the processor's caches.
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(ROOM_BYTES);
  }

  giveBack(room: Buffer): void {
    if (room.length === ROOM_BYTES && this.#free.length < this.#maxFree) this.#free.push(room);
  }
}
