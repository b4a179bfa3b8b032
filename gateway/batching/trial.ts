import type { BatchingConfig } from "../../config/index.ts";
import { CallController, deadlineIn, InferenceError } from "../../core/index.ts";
import { difference } from "../../tensor/index.ts";
import type { Answer, CallInputs, Merging, RoutedCall } from "../call.ts";
import { joined } from "./join.ts";
import { isOfKind, kindOf, type Size, sizeOf } from "./kind.ts";
import { isTelling, type Send } from "./ride.ts";
import { contentOf, split } from "./split.ts";

/** So many pairs have to answer as they did alone. */
const PAIRS = 8;

/** A pair runs beside the clients' own calls, and nobody waits for it. */
const PAIR_MS = 30_000;

/** A call that has been answered alone. */
interface Sample {
  readonly routed: RoutedCall;
  readonly inputs: CallInputs;
  readonly size: Size;
  readonly answer: Answer;
}

/**
 * Finds out of real calls whether they may be joined, where no rows could be made for it: two of one kind that have been
 * answered alone are run once more as one. Two that ask the same, or are answered the same, prove nothing: what looks at the
 * whole batch would not show. A model that answers everything alike is tried ever more seldom.
 */
export class Trial {
  readonly #send: Send;
  readonly #decided: (verdict: Merging) => void;
  #kept: Sample | undefined;
  #running = false;
  #agreed = 0;
  /** So many calls pass before the next is looked at, and after the next pair that proves nothing. */
  #pause = 0;
  #nextPause = 1;

  /** `decided` is told of what has come out, once. */
  constructor(send: Send, decided: (verdict: Merging) => void) {
    this.#send = send;
    this.#decided = decided;
  }

  /** Takes in a call and the answer that its client gets. */
  saw(routed: RoutedCall, answer: Answer, config: BatchingConfig): void {
    if (this.#running || this.#pause-- > 0) return;
    this.#pause = 0;
    const sample = sampleOf(routed, answer, config);
    if (sample === undefined) return;
    const kept = this.#kept;
    if (kept === undefined || !makePair(kept, sample, config)) this.#kept = sample;
    else {
      this.#kept = undefined;
      this.#running = true;
      void this.#compare([kept, sample], config).finally(() => {
        this.#running = false;
      });
    }
  }

  async #compare(pair: readonly [Sample, Sample], { tolerance }: BatchingConfig): Promise<void> {
    const inputs = pair.map((sample) => sample.inputs);
    const limits = { deadline: deadlineIn(PAIR_MS), signal: new CallController().signal };
    try {
      const answers = split(await this.#send(joined(pair[0].routed, inputs, 0, limits)), pair, 0);
      if ("reason" in answers) return this.#refuse(answers.reason);
      for (const [i, { routed, answer }] of pair.entries()) {
        const found = difference(contentOf(routed, answer), contentOf(routed, answers[i] as Answer), tolerance);
        if (found !== undefined) return this.#refuse(`a row answers differently in company: ${found}`);
      }
      const [one, other] = pair;
      const alike = difference(contentOf(one.routed, one.answer), contentOf(other.routed, other.answer), tolerance);
      if (alike === undefined) this.#rest();
      else if (++this.#agreed === PAIRS) this.#decided({ is: "proven" });
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      if (isTelling(error)) this.#refuse(`rows that answer alone fail in company: ${error.message}`);
      else this.#rest();
    }
  }

  #rest(): void {
    this.#pause = this.#nextPause;
    this.#nextPause *= 2;
  }

  #refuse(reason: string): void {
    this.#decided({ is: "refused", reason });
  }
}

function sampleOf(routed: RoutedCall, answer: Answer, { maxRows, maxBytes }: BatchingConfig): Sample | undefined {
  const inputs = routed.call.body.inputsFor?.(routed.target);
  const size = inputs && sizeOf(inputs);
  if (size === undefined || size.rows > maxRows || size.bytes > maxBytes) return undefined;
  return { routed, inputs, size, answer: copied(answer) } as Sample;
}

/** The edge that the answer goes to may give its memory away. */
function copied(answer: Answer): Answer {
  const { content } = answer;
  if (content.is === "outputs") return answer;
  return { ...answer, content: { is: "message", message: new Uint8Array(content.message) } };
}

function makePair(one: Sample, other: Sample, { maxRows, maxBytes }: BatchingConfig): boolean {
  const fits = one.size.rows + other.size.rows <= maxRows && one.size.bytes + other.size.bytes <= maxBytes;
  return fits && isSameKind(one, other) && !isSameInput(one.inputs, other.inputs);
}

function isSameKind({ routed, inputs }: Sample, other: Sample): boolean {
  const signature = routed.target.signatures.get(inputs.signature);
  const kind = signature && kindOf(inputs, signature);
  return kind !== undefined && isOfKind(other.inputs, kind);
}

const EXACTLY = { relative: 0, absolute: 0 };

function isSameInput(one: CallInputs, other: CallInputs): boolean {
  if (one.kind === "tensors" && other.kind === "tensors") {
    return difference(one.inputs, other.inputs, EXACTLY) === undefined;
  }
  if (one.kind !== "examples" || other.kind !== "examples") return false;
  const [left, right] = [one.input.examples, other.input.examples];
  return (
    left.length === right.length && left.every((example, i) => Buffer.compare(example, right[i] as Uint8Array) === 0)
  );
}
