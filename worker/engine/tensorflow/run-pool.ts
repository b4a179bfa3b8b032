import { type Deadline, InferenceError, onDeadline } from "../../../core/index.ts";

/** How many runs of one model are under way, and how many may be. */
export interface RunShare {
  readonly limit: number;
  running: number;
}

/** Something that runs on a thread of libuv's pool; `start` answers when it has really ended. */
export interface Job<T> {
  readonly share: RunShare;
  readonly start: () => Promise<T>;
  readonly deadline: Deadline;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs at most `limit` jobs at a time, and no more of a model than its share, the others in the order of their coming. libuv's pool has few threads, and files and name look-ups
 * need them too; a run that waits there could not be taken back.
 */
export class RunPool {
  readonly #limit: number;
  readonly #waiting = new Map<() => void, RunShare>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The job's own answer, or DEADLINE_EXCEEDED or CANCELLED as soon as it is given up. A job that still waited then never starts; one
   * under way ends unheard, and keeps its place until it has.
   */
  run<T>(job: Job<T>): Promise<T> {
    if (job.signal?.aborted) return Promise.reject(cancelled());
    const { share } = job;
    return new Promise<T>((resolve, reject) => {
      const begin = (): void => {
        this.#running++;
        share.running++;
        job
          .start()
          .finally(() => this.#ended(share))
          .finally(heard)
          .then(resolve, reject);
      };
      const giveUp = (error: InferenceError): void => {
        this.#waiting.delete(begin);
        heard();
        reject(error);
      };
      const onAbort = (): void => giveUp(cancelled());
      const timer = onDeadline(job.deadline, () => giveUp(tooLate(this.#waiting.has(begin))));
      const heard = (): void => {
        timer[Symbol.dispose]();
        job.signal?.removeEventListener("abort", onAbort);
      };
      job.signal?.addEventListener("abort", onAbort);
      if (this.#hasPlace(share)) begin();
      else this.#waiting.set(begin, share);
    });
  }

  #hasPlace(share: RunShare): boolean {
    return this.#running < this.#limit && share.running < share.limit;
  }

  #ended(share: RunShare): void {
    this.#running--;
    share.running--;
    for (const [begin, its] of this.#waiting) {
      if (!this.#hasPlace(its)) continue;
      this.#waiting.delete(begin);
      begin();
      return;
    }
  }
}

function cancelled(): InferenceError {
  return new InferenceError("CANCELLED", "the caller gave the call up");
}

/** Begins as TensorFlow's own answer does (`DirectSession::WaitForNotification`): which of the two is first is chance. */
export function tooLate(waited: boolean): InferenceError {
  const when = waited ? "while the call waited for its run" : "during the run";
  return new InferenceError("DEADLINE_EXCEEDED", `Timed out waiting for notification: the deadline passed ${when}`, {
    origin: "worker",
  });
}
