import type { Answer, InferenceCall } from "./call.ts";
import { follow } from "./follow.ts";
import { attempt, type Steps } from "./steps.ts";

/**
 * The way of every request, whichever edge it came through. Which version answers is found out anew in each attempt: one that
 * was unloaded, or a worker that died meanwhile, is not shown.
 */
export async function serve(steps: Steps, call: InferenceCall): Promise<Answer> {
  const admitted = steps.admit(call);
  // `using` would be compiled to some microseconds of helpers, here and in `rest/infer.ts`.
  try {
    const decision = steps.decide(call);
    if (decision !== undefined) return await follow(steps, decision);
    return await steps.retry(call, () => attempt(steps, steps.resolve(call)));
  } finally {
    admitted[Symbol.dispose]();
  }
}
