import type { BatchingConfig } from "../../config/index.ts";
import { CallController, type CallSignal, InferenceError, onDeadline } from "../../core/index.ts";
import type { Answer, RoutedCall } from "../call.ts";
import { joined, type Passenger, split } from "./batch.ts";

export interface BatchQueueOptions {
  readonly config: BatchingConfig;
  /** How many calls may be under way at once; asked at each departure. */
  readonly slots: () => number;
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  /** Told of each departure: how many calls go as one. */
  readonly onDeparture: (calls: number) => void;
  /** Told when an answer could not be split: such calls must not be joined again. */
  readonly onIndivisible: () => void;
  /** Told whenever nothing waits and nothing is under way any more. */
  readonly onIdle: () => void;
}

/**
 * The calls of one kind. While a slot is free a call leaves at once, alone; those that come while all are taken leave
 * together as soon as one is free again. So nobody waits for company, and a busy kind fills its calls by itself.
 */
export class BatchQueue {
  readonly #options: BatchQueueOptions;
  #waiting: Waiter[] = [];
  #waitingRows = 0;
  #underWay = 0;

  constructor(options: BatchQueueOptions) {
    this.#options = options;
  }

  /** Fails with UNAVAILABLE when the queue is full, and as `send` does. */
  run(passenger: Passenger): Promise<Answer> {
    const { config } = this.#options;
    if (this.#waitingRows + passenger.rows > config.maxQueuedRows) {
      const message = `the batching queue is full: ${this.#waitingRows} rows wait, ${config.maxQueuedRows} may`;
      return Promise.reject(new InferenceError("UNAVAILABLE", message, { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(passenger, resolve, reject, (leaver) => this.#forget(leaver));
      if (!waiter.gone.aborted) {
        this.#waiting.push(waiter);
        this.#waitingRows += passenger.rows;
      }
      this.#depart();
    });
  }

  #forget(waiter: Waiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    this.#waitingRows -= waiter.passenger.rows;
  }

  #depart(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.#options.slots()) {
      const batch = this.#takeBatch();
      this.#options.onDeparture(batch.length);
      this.#underWay++;
      void this.#travel(batch).finally(() => {
        this.#underWay--;
        this.#depart();
      });
    }
    if (this.#underWay === 0 && this.#waiting.length === 0) this.#options.onIdle();
  }

  /** From the front, as many as fit; the first always does. */
  #takeBatch(): Waiter[] {
    let rows = 0;
    let count = 0;
    for (const { passenger } of this.#waiting) {
      if (count > 0 && rows + passenger.rows > this.#options.config.maxRows) break;
      rows += passenger.rows;
      count++;
    }
    this.#waitingRows -= rows;
    return this.#waiting.splice(0, count);
  }

  /** Never rejects: each waiter is told. */
  async #travel(batch: readonly Waiter[]): Promise<void> {
    const [first, ...others] = batch;
    if (first === undefined) return;
    if (others.length === 0) return await this.#alone(first);
    const passengers = [first.passenger, ...others.map(({ passenger }) => passenger)] as const;
    try {
      const answers = split(await this.#options.send(joined(passengers, allGone(batch))), passengers);
      if (answers === undefined) {
        this.#options.onIndivisible();
        await this.#eachAlone(batch);
      } else for (const [i, waiter] of batch.entries()) waiter.resolve(answers[i] as Answer);
    } catch (thrown) {
      // A worker that is gone is everybody's trouble, and everybody tries again; a bad input is its owner's alone.
      const error = InferenceError.from(thrown, "gateway");
      if (error.retryable) for (const waiter of batch) waiter.reject(error);
      else await this.#eachAlone(batch);
    }
  }

  async #eachAlone(batch: readonly Waiter[]): Promise<void> {
    for (const waiter of batch) if (!waiter.gone.aborted) await this.#alone(waiter);
  }

  async #alone(waiter: Waiter): Promise<void> {
    await this.#options.send(waiter.passenger.routed).then(waiter.resolve, waiter.reject);
  }
}

/** Aborted once every one of them has gone. */
function allGone(batch: readonly Waiter[]): CallSignal {
  const ended = new CallController();
  let left = batch.length;
  for (const { gone } of batch) {
    const leave = (): void => {
      if (--left === 0) ended.abort();
    };
    if (gone.aborted) leave();
    else gone.addEventListener("abort", leave, { once: true });
  }
  return ended.signal;
}

/** A call that has not been answered yet. Its own deadline and its client's leaving hold, whatever company it is in. */
class Waiter {
  readonly passenger: Passenger;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (thrown: unknown) => void;
  readonly #gone = new CallController();

  constructor(
    passenger: Passenger,
    resolve: (answer: Answer) => void,
    reject: (thrown: unknown) => void,
    onGone: (waiter: Waiter) => void,
  ) {
    this.passenger = passenger;
    const { deadline, signal } = passenger.routed.call;
    const leave = (error: InferenceError): void => {
      settle();
      this.#gone.abort();
      onGone(this);
      reject(error);
    };
    const giveUp = (): void => leave(new InferenceError("CANCELLED", "the client gave up"));
    const timer = onDeadline(deadline, () => leave(new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT)));
    signal.addEventListener("abort", giveUp, { once: true });
    const settle = (): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", giveUp);
    };
    this.resolve = (answer) => {
      settle();
      resolve(answer);
    };
    this.reject = (thrown) => {
      settle();
      reject(thrown);
    };
    if (signal.aborted) giveUp();
  }

  get gone(): CallSignal {
    return this.#gone.signal;
  }
}

/** What TensorFlow says when a run outlasts its timeout. */
const TIMED_OUT = "Timed out waiting for notification";
