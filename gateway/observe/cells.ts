interface Entry<Cell> {
  readonly values: readonly string[];
  readonly cell: Cell;
}

/** What a metric counts, by the values of its labels: a cell for each combination that has come. */
export class Cells<Cell> {
  readonly #entries = new Map<string, Entry<Cell>>();
  readonly #make: (values: readonly string[]) => Cell;
  #last: Entry<Cell> | undefined;

  constructor(make: (values: readonly string[]) => Cell) {
    this.#make = make;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `values` always in the same order. Most requests are of the labels of the one before, and need no text to find out. */
  at(values: readonly string[]): Cell {
    if (this.#last !== undefined && areSame(this.#last.values, values)) return this.#last.cell;
    const key = values.join("\0");
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { values, cell: this.#make(values) };
      this.#entries.set(key, entry);
    }
    this.#last = entry;
    return entry.cell;
  }

  all(): Cell[] {
    return Array.from(this.#entries.values(), ({ cell }) => cell);
  }

  /** Forgets all others. */
  keep(isWanted: (values: readonly string[], cell: Cell) => boolean): void {
    this.#last = undefined;
    for (const [key, { values, cell }] of this.#entries) if (!isWanted(values, cell)) this.#entries.delete(key);
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
