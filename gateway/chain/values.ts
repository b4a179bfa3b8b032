import { InferenceError, type ModelName } from "../../core/index.ts";
import type { Signature, Tensor } from "../../tensor/index.ts";

/** A step of a chain, as errors call it. */
export interface StepName {
  /** From 1. */
  readonly number: number;
  readonly model: ModelName;
}

export function stepText({ number, model }: StepName): string {
  return `step ${number} (model "${model}")`;
}

/** A tensor that steps can take, and where it is from. */
export interface Value {
  readonly tensor: Tensor;
  /** Undefined: the request. */
  readonly from: StepName | undefined;
}

interface Outputs {
  readonly from: StepName;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** What a chain has come to have: the request's inputs, and the outputs of the steps so far. */
export class Values {
  readonly #outputs: Outputs[] = [];
  readonly #inputs: ReadonlyMap<string, Tensor>;

  constructor(inputs: ReadonlyMap<string, Tensor>) {
    this.#inputs = inputs;
  }

  add(from: StepName, tensors: ReadonlyMap<string, Tensor>): void {
    this.#outputs.push({ from, tensors });
  }

  /** The latest output of the name, else the request's input. */
  get(name: string): Value | undefined {
    for (let i = this.#outputs.length - 1; i >= 0; i--) {
      const { from, tensors } = this.#outputs[i] as Outputs;
      const tensor = tensors.get(name);
      if (tensor !== undefined) return { tensor, from };
    }
    const tensor = this.#inputs.get(name);
    return tensor === undefined ? undefined : { tensor, from: undefined };
  }

  /** `"x" (request), "ids" (step 1)`. */
  toString(): string {
    const texts = Array.from(this.#inputs.keys(), (name) => `"${name}" (request)`);
    for (const { from, tensors } of this.#outputs) {
      for (const name of tensors.keys()) texts.push(`"${name}" (step ${from.number})`);
    }
    return texts.length === 0 ? "nothing" : texts.join(", ");
  }
}

/** An input of a step, and what it gets. */
export interface Fed extends Value {
  readonly input: string;
  /** Under which name the value was found. */
  readonly source: string;
}

/**
 * What a step takes, by the names of its signature's inputs after `renames`. An input that the model has a value for may be missing.
 * Throws INVALID_ARGUMENT for one that is missing otherwise.
 */
export function feed(
  values: Values,
  signature: Signature,
  renames: ReadonlyMap<string, string>,
  step: StepName,
): readonly Fed[] {
  const fed: Fed[] = [];
  for (const input of signature.inputs.keys()) {
    const source = renames.get(input) ?? input;
    const value = values.get(source);
    if (value !== undefined) fed.push({ ...value, input, source });
    else if (!signature.defaults.has(input)) {
      const wanted = source === input ? `"${input}"` : `"${source}" for its input "${input}"`;
      throw new InferenceError("INVALID_ARGUMENT", `${stepText(step)} wants ${wanted}; there is ${String(values)}`);
    }
  }
  return fed;
}

/** Throws INVALID_ARGUMENT for a value of another type than the signature's: no graph takes it. */
export function checkTypes(fed: readonly Fed[], { inputs }: Signature, step: StepName): void {
  for (const each of fed) {
    const dtype = inputs.get(each.input)?.dtype;
    if (dtype === undefined || dtype.name === each.tensor.dtype.name) continue;
    throw new InferenceError("INVALID_ARGUMENT", mismatchText(each, inputs, step));
  }
}

/** The first value whose shape is not the signature's, in words: a graph may take it all the same. */
export function misshapen(fed: readonly Fed[], { inputs }: Signature, step: StepName): string | undefined {
  const found = fed.find(({ input, tensor }) => {
    const shape = inputs.get(input)?.shape;
    if (shape === undefined) return false;
    return shape.length !== tensor.shape.length || shape.some((size, i) => size !== -1 && size !== tensor.shape[i]);
  });
  return found && mismatchText(found, inputs, step);
}

function mismatchText({ input, source, from, tensor }: Fed, inputs: Signature["inputs"], step: StepName): string {
  const { dtype, shape } = inputs.get(input) ?? {};
  const got = from === undefined ? `input "${source}" of the request` : `output "${source}" of ${stepText(from)}`;
  const wanted = `${dtype?.name ?? "invalid"} ${shape === undefined ? "of any shape" : `[${shape.join(",")}]`}`;
  return `${got} is ${tensor.dtype.name} [${tensor.shape.join(",")}], input "${input}" of ${stepText(step)} takes ${wanted}`;
}
