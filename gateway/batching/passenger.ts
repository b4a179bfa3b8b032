import { type Deadline, InferenceError, onDeadline } from "../../core/index.ts";
import type { Answer, CallInputs, RoutedCall } from "../call.ts";
import type { Size } from "./kind.ts";

/** Who has a passenger at the moment: the lane that it waits in, then the ride that it is on. */
export interface Host {
  /** The passenger's client has gone or its deadline has passed; it has been told. */
  left(passenger: Passenger): void;
}

/** What TensorFlow says when a run outlasts its timeout. */
const TIMED_OUT = "Timed out waiting for notification";
const ONCE = { once: true } as const;

export function givenUp(): InferenceError {
  return new InferenceError("CANCELLED", "the client gave up");
}

/** A call that has not been answered yet. Its own deadline and its client's leaving hold, whatever company it is in. */
export class Passenger {
  readonly routed: RoutedCall;
  readonly inputs: CallInputs;
  readonly size: Size;
  readonly sinceMs: number = performance.now();
  host: Host;
  gone = false;
  readonly #expiry: Disposable;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (thrown: unknown) => void;
  readonly #expire = (): void => this.#leave(new InferenceError("DEADLINE_EXCEEDED", TIMED_OUT));
  readonly #giveUp = (): void => this.#leave(givenUp());

  constructor(
    routed: RoutedCall,
    inputs: CallInputs,
    size: Size,
    host: Host,
    resolve: (answer: Answer) => void,
    reject: (thrown: unknown) => void,
  ) {
    this.routed = routed;
    this.inputs = inputs;
    this.size = size;
    this.host = host;
    this.#resolve = resolve;
    this.#reject = reject;
    routed.call.signal.addEventListener("abort", this.#giveUp, ONCE);
    this.#expiry = onDeadline(this.deadline, this.#expire);
  }

  get deadline(): Deadline {
    return this.routed.call.deadline;
  }

  answer(answer: Answer): void {
    this.#settle();
    this.#resolve(answer);
  }

  fail(thrown: unknown): void {
    this.#settle();
    this.#reject(thrown);
  }

  /**
   * It goes by itself; what ends it then is looked after by whoever sends it. Never rejects: answers whether it has been
   * answered.
   */
  async goAlone(send: (routed: RoutedCall) => Promise<Answer>): Promise<boolean> {
    this.#settle();
    try {
      this.#resolve(await send(this.routed));
      return true;
    } catch (thrown) {
      this.#reject(thrown);
      return false;
    }
  }

  #leave(error: InferenceError): void {
    if (this.gone) return;
    this.gone = true;
    this.fail(error);
    this.host.left(this);
  }

  #settle(): void {
    this.#expiry[Symbol.dispose]();
    this.routed.call.signal.removeEventListener("abort", this.#giveUp);
  }
}
