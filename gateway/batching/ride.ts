import { CallController, InferenceError } from "../../core/index.ts";
import type { Answer, RoutedCall } from "../call.ts";
import { joined } from "./join.ts";
import type { Host, Passenger } from "./passenger.ts";
import { split } from "./split.ts";

export type Send = (routed: RoutedCall) => Promise<Answer>;

/** Failures that say nothing about the rows: the next joined call may do. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "UNAVAILABLE",
]);

/** Whether a joined call that failed so is a reason not to join these rows any more, if they do alone. */
export function isTelling(error: InferenceError): boolean {
  return !error.retryable && !TRANSIENT.has(error.code);
}

/** Several calls that travel as one. Its call ends once all of them have gone. */
export class Ride implements Host {
  readonly #passengers: readonly Passenger[];
  readonly #padding: number;
  readonly #send: Send;
  readonly #ended = new CallController();
  #aboard: number;

  constructor(passengers: readonly Passenger[], padding: number, send: Send) {
    this.#passengers = passengers;
    this.#padding = padding;
    this.#send = send;
    this.#aboard = passengers.length;
    for (const passenger of passengers) passenger.host = this;
  }

  left(): void {
    if (--this.#aboard === 0) this.#ended.abort();
  }

  /**
   * Never rejects: each passenger is told. Answers why such calls must not be joined again, when it has come out: the
   * answer has other rows than the call, or fails although each of the calls does alone.
   */
  async go(): Promise<string | undefined> {
    const passengers = this.#passengers;
    const [first] = passengers;
    if (first === undefined) return undefined;
    try {
      const answers = split(await this.#send(this.#joined(first)), passengers, this.#padding);
      if ("reason" in answers) {
        await this.#eachAlone();
        return answers.reason;
      }
      for (let i = 0; i < passengers.length; i++) passengers[i]?.answer(answers[i] as Answer);
      return undefined;
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      // A worker that is gone is everybody's trouble, and everybody tries again; a bad input is its owner's alone.
      if (error.retryable) for (const passenger of passengers) passenger.fail(error);
      else if ((await this.#eachAlone()) && isTelling(error)) return `rows that answer alone fail: ${error.message}`;
      return undefined;
    }
  }

  #joined(first: Passenger): RoutedCall {
    let deadline = first.deadline;
    for (const passenger of this.#passengers) deadline = Math.max(deadline, passenger.deadline);
    const inputs = this.#passengers.map((passenger) => passenger.inputs);
    // One that somebody waits for is enough.
    const like = this.#passengers.find(({ routed }) => !routed.isCopy) ?? first;
    return joined(like.routed, inputs, this.#padding, { deadline, signal: this.#ended.signal });
  }

  /** Whether all have been answered. */
  async #eachAlone(): Promise<boolean> {
    const staying = this.#passengers.filter(({ gone }) => !gone);
    const answered = await Promise.all(staying.map((passenger) => passenger.goAlone(this.#send)));
    return answered.length > 0 && answered.every((was) => was);
  }
}
