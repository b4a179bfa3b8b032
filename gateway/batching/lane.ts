import type { BatchingConfig } from "../../config/index.ts";
import { InferenceError } from "../../core/index.ts";
import type { Answer, CallInputs, RoutedCall } from "../call.ts";
import { Fifo } from "./fifo.ts";
import type { Kind, Size } from "./kind.ts";
import { givenUp, type Host, Passenger } from "./passenger.ts";
import { Ride, type Send } from "./ride.ts";

/** What the lanes of a signature have in common. */
export interface Street {
  readonly config: BatchingConfig;
  readonly send: Send;
  /** Whether calls may still be joined: those that wait when it comes out that they must not be travel alone. */
  readonly joins: boolean;
  /** What waits in all lanes. */
  readonly waiting: { rows: number; bytes: number };
  /** Whether any call or ride has not come back. */
  readonly busy: boolean;
  /** How many calls of one kind may be under way at once. */
  slots(): number;
  /** Told of each departure: how many calls go as one. */
  departs(calls: number): void;
  /** Told of each return, when its slot is free again. */
  returned(): void;
  /** Told why such calls must not be joined again. */
  refuse(reason: string): void;
}

/**
 * The calls of one kind. Who finds a free slot leaves with all that have come in the same turn of the event loop; while all
 * slots are taken calls gather, and leave together when one is free. So nobody waits for company unless `maxDelay`
 * asks for it, and a busy kind fills its calls by itself.
 */
export class Lane implements Host {
  readonly kind: Kind;
  readonly #street: Street;
  readonly #queue = new Fifo<Passenger>();
  /** Of the queue, without those that have gone. */
  readonly #waiting = { calls: 0, rows: 0, bytes: 0 };
  #underWay = 0;
  #departing = false;
  #delayed = false;

  constructor(kind: Kind, street: Street) {
    this.kind = kind;
    this.#street = street;
  }

  get idle(): boolean {
    return this.#waiting.calls === 0 && this.#underWay === 0;
  }

  /** Fails with UNAVAILABLE when the queue is full, and as `send` does. */
  run(routed: RoutedCall, inputs: CallInputs, size: Size): Promise<Answer> {
    const { config, waiting } = this.#street;
    const full = waiting.rows + size.rows > config.maxQueuedRows || waiting.bytes + size.bytes > config.maxQueuedBytes;
    if (full) return Promise.reject(isFull(waiting));
    if (routed.call.signal.aborted) return Promise.reject(givenUp());
    return new Promise((resolve, reject) => {
      this.#count(size, 1);
      this.#queue.push(new Passenger(routed, inputs, size, this, resolve, reject));
      if (this.#underWay < this.#street.slots()) this.departSoon();
    });
  }

  /** A slot is taken, by a ride of this lane or by a call of its kind that left without it. */
  take(): void {
    this.#underWay++;
  }

  free(): void {
    this.#underWay--;
    this.departSoon();
  }

  /** At the end of this turn, with those whose requests have come already. */
  departSoon(): void {
    if (this.#departing || this.#waiting.calls === 0) return;
    this.#departing = true;
    setImmediate(() => {
      this.#departing = false;
      this.#depart();
    });
  }

  left({ size }: Passenger): void {
    this.#count(size, -1);
    if (this.#waiting.calls === 0) this.#queue.clear();
  }

  #count({ rows, bytes }: Size, calls: 1 | -1): void {
    const { waiting } = this.#street;
    this.#waiting.calls += calls;
    this.#waiting.rows += calls * rows;
    this.#waiting.bytes += calls * bytes;
    waiting.rows += calls * rows;
    waiting.bytes += calls * bytes;
  }

  #depart(): void {
    const street = this.#street;
    while (this.#waiting.calls > 0 && this.#underWay < street.slots()) {
      const delayMs = this.#delayMs();
      if (delayMs > 0) {
        this.#departIn(delayMs);
        return;
      }
      const batch = this.#take();
      void this.#travel(batch);
    }
  }

  #departIn(delayMs: number): void {
    if (this.#delayed) return;
    this.#delayed = true;
    setTimeout(() => {
      this.#delayed = false;
      this.#depart();
    }, delayMs);
  }

  /** How long those who wait may still wait for company. */
  #delayMs(): number {
    const { config, busy } = this.#street;
    if (config.maxDelayMs === 0 || !busy) return 0;
    if (this.#waiting.rows >= config.maxRows || this.#waiting.bytes >= config.maxBytes) return 0;
    const first = this.#queue.peek();
    return first === undefined ? 0 : first.sinceMs + config.maxDelayMs - performance.now();
  }

  /** From the front, as many as fit; the first always does. */
  #take(): Passenger[] {
    const { maxRows, maxBytes } = this.#street.config;
    const batch: Passenger[] = [];
    const taken = { rows: 0, bytes: 0 };
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      const { size, gone } = next;
      if (!gone) {
        const fits = taken.rows + size.rows <= maxRows && taken.bytes + size.bytes <= maxBytes;
        if (!fits && batch.length > 0) break;
        taken.rows += size.rows;
        taken.bytes += size.bytes;
        batch.push(next);
        this.#count(size, -1);
      }
      this.#queue.shift();
    }
    return batch;
  }

  /** Never rejects: each passenger is told. */
  async #travel(batch: readonly Passenger[]): Promise<void> {
    this.#street.departs(batch.length);
    this.take();
    try {
      const reason = await this.#go(batch);
      if (reason !== undefined) this.#street.refuse(reason);
    } finally {
      this.free();
      this.#street.returned();
    }
  }

  async #go(batch: readonly Passenger[]): Promise<string | undefined> {
    const { config, send, joins } = this.#street;
    const padding = paddingOf(batch, config.allowedRows);
    if (joins && (batch.length > 1 || padding > 0)) return await new Ride(batch, padding, send).go();
    await Promise.all(batch.map((passenger) => passenger.goAlone(send)));
    return undefined;
  }
}

/** Rows that are missing up to the next size that is allowed. */
function paddingOf(batch: readonly Passenger[], allowedRows: readonly number[]): number {
  if (allowedRows.length === 0) return 0;
  let rows = 0;
  for (const { size } of batch) rows += size.rows;
  return (allowedRows.find((allowed) => allowed >= rows) ?? rows) - rows;
}

function isFull({ rows, bytes }: { readonly rows: number; readonly bytes: number }): InferenceError {
  const message = `the batching queue is full: ${rows} rows of ${bytes} bytes wait`;
  return new InferenceError("UNAVAILABLE", message, { retryAfterMs: 1000 });
}
