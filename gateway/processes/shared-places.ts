import type { PlaceEvents, WorkerPlaces, WorkerSlot } from "../upstream/index.ts";
import type { Place, ToPrimary } from "./messages.ts";

/** The places of the workers that the primary process keeps, as a member sees them: what it tells, and nothing more. */
export class SharedPlaces implements WorkerPlaces {
  readonly #events: PlaceEvents;
  readonly #tell: (message: ToPrimary) => void;
  #places: readonly Place[] = [];

  constructor(events: PlaceEvents, tell: (message: ToPrimary) => void) {
    this.#events = events;
    this.#tell = tell;
  }

  /** A place has another process, or none: its pool hears of the end of the former first. */
  update(places: readonly Place[]): void {
    const before = this.#places;
    this.#places = places.map((place) => {
      const known = before[place.index]?.slot;
      // The pool knows a slot by its identity.
      return known?.socketPath === place.slot?.socketPath ? { ...place, slot: known } : place;
    });
    for (const { index, slot } of this.#places) {
      const former = before[index]?.slot;
      if (former === slot) continue;
      if (former !== undefined) this.#events.onEnded(former);
      if (slot !== undefined) this.#events.onStarted(slot);
    }
  }

  start(): void {}

  facts(): Place[] {
    return [...this.#places];
  }

  pidOf(slot: WorkerSlot): number | undefined {
    const place = this.#places[slot.index];
    return place?.slot === slot ? place.pid : undefined;
  }

  markReady({ socketPath }: WorkerSlot): void {
    this.#tell({ is: "heard", socketPath });
  }

  kill({ socketPath }: WorkerSlot): void {
    this.#tell({ is: "silent", socketPath });
  }

  stopRestarts(): void {}

  /** The primary ends the workers, once every member has ended. */
  async close(): Promise<void> {}
}
