import type { Answer } from "../call.ts";
import type { CopiedCall } from "./copied-call.ts";
import { type GivenAnswer, givenAnswer } from "./given-answer.ts";
import type { Shadow } from "./shadow.ts";

/** The copies of one call, before they are sent. */
export class Copies {
  readonly #copied: CopiedCall;
  readonly #shadows: readonly Shadow[];

  constructor(copied: CopiedCall, shadows: readonly Shadow[]) {
    this.#copied = copied;
    this.#shadows = shadows;
  }

  /** Passes the caller's answer on, or its failure, and sends the copies once the caller has it. */
  async after(answering: Promise<Answer>): Promise<Answer> {
    let given: GivenAnswer | undefined;
    try {
      const answer = await answering;
      given = givenAnswer(answer);
      return answer;
    } finally {
      for (const shadow of this.#shadows) void shadow.run(this.#copied, given);
    }
  }
}
