/** What a call needs to know of its end. An AbortSignal is one too. */
export interface CallSignal {
  readonly aborted: boolean;
  /** Called once, when it is aborted; never when that was before. */
  addEventListener(type: "abort", listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** An AbortController for each request: Node's costs microseconds to make, and again for each listener. */
export class CallController implements CallSignal {
  #aborted = false;
  readonly #listeners: (() => void)[] = [];

  get signal(): CallSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    for (let listener = this.#listeners.shift(); listener !== undefined; listener = this.#listeners.shift()) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }
}
