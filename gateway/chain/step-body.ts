import { type Bytes, InferenceError } from "../../core/index.ts";
import { encodePredictRequestPieces, type Tensor } from "../../tensor/index.ts";
import type { CallBody, PredictInputs, Servable } from "../call.ts";
import { signaturesClause } from "../expected.ts";
import { checkTypes, type Fed, feed, misshapen, type StepName, stepText, type Values } from "./values.ts";

/** What a later step of a chain is asked, made of what the chain has by then. */
export interface StepBodyParts {
  readonly step: StepName;
  /** Of its target. */
  readonly signature: string;
  readonly renames: ReadonlyMap<string, string>;
  readonly values: Values;
  readonly outputFilter: readonly string[];
  /** Whether its answer is read here, and not passed on. */
  readonly readsAnswer: boolean;
}

interface Made {
  readonly target: Servable;
  readonly fed: readonly Fed[];
  readonly inputs: PredictInputs;
}

/** May throw INVALID_ARGUMENT for what does not fit the version's signature. */
export class StepBody implements CallBody {
  readonly readsAnswer: boolean;
  readonly #parts: StepBodyParts;
  #made: Made | undefined;

  constructor(parts: StepBodyParts) {
    this.readsAnswer = parts.readsAnswer;
    this.#parts = parts;
  }

  inputsFor(target: Servable): PredictInputs {
    if (this.#made?.target !== target) this.#made = this.#make(target);
    return this.#made.inputs;
  }

  messageFor(target: Servable): Bytes {
    return messageOf(target, this.inputsFor(target));
  }

  /** Why the version that was asked last may not have liked what it got. */
  doubt(): string | undefined {
    const made = this.#made;
    const signature = made?.target.signatures.get(this.#parts.signature);
    return made && signature && misshapen(made.fed, signature, this.#parts.step);
  }

  #make(target: Servable): Made {
    const { step, signature: key, renames, values, outputFilter } = this.#parts;
    const signature = target.signatures.get(key);
    if (signature === undefined) {
      const text = `${stepText(step)} has no signature "${key}"; ${signaturesClause(target.signatures)}`;
      throw new InferenceError("INVALID_ARGUMENT", text);
    }
    const fed = feed(values, signature, renames, step);
    checkTypes(fed, signature, step);
    return { target, fed, inputs: { kind: "tensors", signature: key, inputs: tensorsOf(fed), outputFilter } };
  }
}

export function tensorsOf(fed: readonly Fed[]): ReadonlyMap<string, Tensor> {
  return new Map(fed.map(({ input, tensor }) => [input, tensor]));
}

export function messageOf({ name, version }: Servable, { signature, inputs, outputFilter }: PredictInputs): Bytes {
  const spec = { name, choice: { by: "version", version }, signature } as const;
  return encodePredictRequestPieces({ spec, inputs, outputFilter });
}
