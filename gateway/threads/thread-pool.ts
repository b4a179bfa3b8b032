import type { Worker } from "node:worker_threads";
import { InferenceError, onDeadline } from "../../core/index.ts";
import type { CallLimits } from "../call.ts";
import { givenUp, timedOut } from "../ended.ts";
import type { Reply } from "./reply.ts";

export interface ThreadPoolOptions {
  /** Starts a thread that answers each message with a {@link Reply}. */
  readonly start: () => Worker;
  readonly maxThreads: number;
  /** A thread without work ends after this long; with it goes the memory that its work has left behind. */
  readonly idleMs: number;
  /** Told of each thread that ended before it had answered. */
  readonly onCrash: (error: unknown) => void;
  /** Told when the last thread has ended for want of work. */
  readonly onQuiet: () => void;
}

/** A message and which of its memory moves with it. */
export interface Posted {
  readonly message: unknown;
  readonly moved: readonly ArrayBuffer[];
}

/**
 * Work for a few threads, first come first served. Threads start when there is something to do; one that crashes takes only the
 * job with it that it had.
 */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<Thread>();
  /** A Set keeps the order and forgets from the middle. */
  readonly #waiting = new Set<Task>();
  #isClosed = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  get threadCount(): number {
    return this.#threads.size;
  }

  /**
   * What the thread answers to `make`'s message, which is made when it is sent. Rejects with CANCELLED or DEADLINE_EXCEEDED as
   * soon as the call's limits say: what waits is forgotten then, what a thread has begun it ends, for nobody.
   */
  run(make: () => Posted, { deadline, signal }: CallLimits): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(givenUp());
      if (this.#isClosed) return reject(new InferenceError("UNAVAILABLE", "the server is shutting down"));
      const settled = (): void => {
        this.#waiting.delete(task);
        timer[Symbol.dispose]();
        signal.removeEventListener("abort", leave);
      };
      const task: Task = {
        make,
        resolve(reply) {
          settled();
          resolve(reply);
        },
        reject(error) {
          settled();
          reject(error);
        },
      };
      const leave = (): void => task.reject(givenUp());
      signal.addEventListener("abort", leave, { once: true });
      const timer = onDeadline(deadline, () => task.reject(timedOut()));
      this.#waiting.add(task);
      this.#dispatch();
    });
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#waiting) task.reject(new InferenceError("UNAVAILABLE", "the server is shutting down"));
    await Promise.all(Array.from(this.#threads, (thread) => thread.end()));
  }

  #dispatch(): void {
    for (const task of this.#waiting) {
      const thread = this.#idleThread();
      if (thread === undefined) return;
      this.#waiting.delete(task);
      thread.give(task);
    }
  }

  #idleThread(): Thread | undefined {
    for (const thread of this.#threads) if (thread.isIdle) return thread;
    if (this.#threads.size >= this.#options.maxThreads) return undefined;
    const { start, idleMs, onCrash, onQuiet } = this.#options;
    const thread = new Thread(start(), idleMs, {
      onIdle: () => this.#dispatch(),
      onEnd: (error) => {
        this.#threads.delete(thread);
        if (this.#isClosed) return;
        if (error !== undefined) onCrash(error);
        this.#dispatch();
        if (this.#threads.size === 0) onQuiet();
      },
    });
    this.#threads.add(thread);
    return thread;
  }
}

interface Task {
  readonly make: () => Posted;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: InferenceError) => void;
}

interface ThreadEvents {
  readonly onIdle: () => void;
  /** With an error where it had not answered yet. */
  readonly onEnd: (error: unknown) => void;
}

/** A running thread. It holds the process only while it works. */
class Thread {
  readonly #worker: Worker;
  readonly #idleMs: number;
  #task: Task | undefined;
  #isEnding = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(worker: Worker, idleMs: number, { onIdle, onEnd }: ThreadEvents) {
    this.#worker = worker;
    this.#idleMs = idleMs;
    let error: unknown;
    worker.on("message", (reply: Reply) => {
      const task = this.#task;
      this.#task = undefined;
      this.#rest();
      task?.resolve(reply);
      onIdle();
    });
    worker.on("messageerror", (thrown) => {
      error = thrown;
      void this.end();
    });
    worker.on("error", (thrown) => {
      error = thrown;
    });
    worker.once("exit", (code) => {
      clearTimeout(this.#idleTimer);
      const task = this.#task;
      this.#task = undefined;
      const cause = error ?? (task === undefined ? undefined : new Error(`a thread ended with ${code}`));
      task?.reject(crashed(cause));
      onEnd(cause);
    });
  }

  get isIdle(): boolean {
    return this.#task === undefined && !this.#isEnding;
  }

  give(task: Task): void {
    clearTimeout(this.#idleTimer);
    this.#task = task;
    this.#worker.ref();
    try {
      const { message, moved } = task.make();
      this.#worker.postMessage(message, [...moved]);
    } catch (thrown) {
      this.#task = undefined;
      this.#rest();
      task.reject(InferenceError.from(thrown, "gateway"));
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  #rest(): void {
    this.#worker.unref();
    this.#idleTimer = setTimeout(() => void this.end(), this.#idleMs).unref();
  }
}

function crashed(cause: unknown): InferenceError {
  const isMemory = cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isMemory
    ? new InferenceError("RESOURCE_EXHAUSTED", "the request takes more memory than it may", { origin: "client", cause })
    : new InferenceError("INTERNAL", "internal error in the gateway", { cause });
}
