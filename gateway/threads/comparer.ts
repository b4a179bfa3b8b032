import { Worker } from "node:worker_threads";
import type { Tolerance } from "../../config/index.ts";
import type { Logger } from "../../core/index.ts";
import { contentBytes, messageOf } from "../answer-content.ts";
import type { AnswerContent, CallLimits } from "../call.ts";
import { type ComparedMethod, type Comparison, compareAnswers } from "../comparing/index.ts";
import type { Job } from "./jobs.ts";
import { memoryOf, ownMemory } from "./own-memory.ts";
import { resultOf } from "./reply.ts";
import { ThreadPool } from "./thread-pool.ts";

/** Two answers that are longer together go to a thread: taking one of small texts apart costs a millisecond for some kilobytes. */
const AT_ONCE_BYTES = 16 * 2 ** 10;
const IDLE_MS = 10_000;

/** Compares answers: short ones at once, others in a thread of its own, so that nobody's JSON waits for it. */
export interface Comparer {
  /**
   * As `compareAnswers`. `one` is left as it is, the memory of `other` may be given away. Rejects as `compareAnswers` throws, and
   * with what ends the wait.
   */
  compare(
    method: ComparedMethod,
    one: AnswerContent,
    other: AnswerContent,
    tolerance: Tolerance,
    limits: CallLimits,
  ): Comparison | Promise<Comparison>;
  close(): Promise<void>;
}

/** No thread starts before there is something to do. Whoever creates it closes it. */
export function createComparer(log: Logger): Comparer {
  const program = new URL(import.meta.resolve("#asset/dist/gateway/threads/thread.js"));
  const pool = new ThreadPool({
    start: () => new Worker(program),
    maxThreads: 1,
    idleMs: IDLE_MS,
    onCrash: (error) => log.error({ err: error }, "a thread that compares answers has ended"),
    onQuiet() {},
  });
  return {
    compare(method, one, other, tolerance, limits) {
      if (contentBytes(one) + contentBytes(other) <= AT_ONCE_BYTES)
        return compareAnswers(method, one, other, tolerance);
      const posted = pool.run(() => {
        const answers = [copyOf(one), ownMemory(messageOf(other, "content"))] as const;
        const job: Job = { do: "compare", method, answers, tolerance };
        return { message: job, moved: answers.flatMap(memoryOf) };
      }, limits);
      return posted.then((reply) => resultOf(reply) as Comparison);
    },
    close: () => pool.close(),
  };
}

/** Of what others look at too. */
function copyOf(content: AnswerContent): Uint8Array {
  const message = messageOf(content, "content");
  return content.is === "message" ? new Uint8Array(message) : ownMemory(message);
}
