/** What a metric counts, by the values of its labels: a cell for each combination that has come. */
export class Cells<Cell> {
  readonly #cells = new Map<string, Cell>();
  readonly #make: (values: readonly string[]) => Cell;
  #last: { readonly values: readonly string[]; readonly cell: Cell } | undefined;

  constructor(make: (values: readonly string[]) => Cell) {
    this.#make = make;
  }

  get size(): number {
    return this.#cells.size;
  }

  /** `values` always in the same order. Most requests are of the labels of the one before, and need no text to find out. */
  at(values: readonly string[]): Cell {
    if (this.#last !== undefined && areSame(this.#last.values, values)) return this.#last.cell;
    const key = values.join("\0");
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = this.#make(values);
      this.#cells.set(key, cell);
    }
    this.#last = { values, cell };
    return cell;
  }

  all(): Cell[] {
    return Array.from(this.#cells.values());
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
