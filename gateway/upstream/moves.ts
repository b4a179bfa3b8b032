import type { ModelConfig } from "../../config/index.ts";
import type { ModelName } from "../../core/index.ts";
import type { OnePool } from "./one-pool.ts";

/** A model that another pool is to serve from now on. */
export interface Move {
  readonly from: OnePool;
  /** What that is called. */
  readonly fromName: string;
  readonly to: OnePool;
  /** As the former pool has it. */
  readonly model: ModelConfig;
}

/**
 * Models that a reload has given to another pool: until that has a version of the model, the pool that had it before goes on
 * to answer.
 */
export class Moves {
  readonly #moves = new Map<ModelName, Move>();

  /** Who answers for the model in place of its own pool; undefined: that itself. */
  standIn(model: ModelName): OnePool | undefined {
    return this.#moves.size === 0 ? undefined : this.#moves.get(model)?.from;
  }

  get all(): readonly Move[] {
    return [...this.#moves.values()];
  }

  needs(pool: OnePool): boolean {
    return this.all.some(({ from }) => from === pool);
  }

  /** One that was not over yet goes on from where it began. */
  begin(move: Move): void {
    const { name } = move.model;
    const { from, fromName, model } = this.#moves.get(name) ?? move;
    this.#moves.set(name, { from, fromName, model, to: move.to });
    this.settle();
  }

  /** Forgets models that are no longer configured. */
  keep(names: ReadonlySet<ModelName>): void {
    for (const name of this.#moves.keys()) if (!names.has(name)) this.#moves.delete(name);
  }

  /** Ends the moves of models that the new pool has, or the former one no longer; answers whether any has ended. */
  settle(): boolean {
    const before = this.#moves.size;
    for (const [name, { from, to }] of this.#moves) {
      const isOver = to.registry.latest(name) !== undefined || from.registry.latest(name) === undefined;
      if (isOver || from === to) this.#moves.delete(name);
    }
    return this.#moves.size < before;
  }
}
