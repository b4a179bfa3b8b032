/** Questions to another process that wait for their answers, each under a number. */
export class Asks<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /** Sends the question with its number; resolves to the answer, and never if none comes. */
  ask(send: (ask: number) => void): Promise<Answer> {
    const number = ++this.#last;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      send(number);
    });
  }

  answered(ask: number, answer: Answer): void {
    this.#waiting.get(ask)?.(answer);
    this.#waiting.delete(ask);
  }

  /** Whoever was asked is gone: everybody who waits is given this. */
  endAll(answer: Answer): void {
    for (const resolve of this.#waiting.values()) resolve(answer);
    this.#waiting.clear();
  }
}
