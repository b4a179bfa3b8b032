import { type Bytes, DEFAULT_SIGNATURE, InferenceError } from "../../core/index.ts";
import type { Signature, TensorInfo } from "../../tensor/index.ts";
import type { CallBody, CallLimits, PredictInputs, Servable } from "../call.ts";
import { inputsOf } from "../message-inputs.ts";
import { messageOf, tensorsOf } from "./step-body.ts";
import { feed, type StepName, Values } from "./values.ts";

export interface FirstBodyParts {
  /** The request's. */
  readonly body: CallBody;
  readonly step: StepName;
  /** That the step asks for in place of the request's. */
  readonly signature: string | undefined;
  /** That the request asks for; "" for the default one. */
  readonly asked: string;
  readonly renames: ReadonlyMap<string, string>;
  /** What later steps want of the request and this version's signature does not name, by the request's names. */
  readonly wantedLater: (target: Servable, signature: Signature) => ReadonlyMap<string, TensorInfo>;
}

/** How a request is read for a version: as if its signature took all that the chain wants of the request. */
interface Reading {
  readonly target: Servable;
  readonly signature: Signature | undefined;
  readonly later: ReadonlyMap<string, TensorInfo>;
  /** The version, with a signature that takes what the step wants and what the later ones do. */
  readonly all: Servable;
  /** With one that takes only what the step wants. */
  readonly own: Servable;
  /** Which of them fits the request; JSON has to name exactly what a signature takes. */
  as: Servable;
}

/** A request for a chain as its first step gets it, and as later ones may look into it. */
export class FirstBody implements CallBody {
  readonly readsAnswer = true;
  readonly #parts: FirstBodyParts;
  readonly #key: string;
  #reading: Reading | undefined;
  #made: { readonly target: Servable; readonly request: PredictInputs; readonly inputs: PredictInputs } | undefined;

  constructor(parts: FirstBodyParts) {
    this.#parts = parts;
    this.#key = parts.signature ?? (parts.asked || DEFAULT_SIGNATURE);
  }

  /** What the request has, in the names that it has; undefined before it was asked for, and for a message that is wrong. */
  get request(): PredictInputs | undefined {
    return this.#made?.request;
  }

  prepare(target: Servable, limits: CallLimits): Promise<void> | undefined {
    const { body, signature } = this.#parts;
    const reading = this.#readingFor(target);
    const preparing = body.prepare?.(reading.as, limits, signature);
    if (preparing === undefined || reading.as === reading.own) return preparing;
    return preparing.catch((thrown: unknown) => {
      narrow(reading, thrown);
      return body.prepare?.(reading.own, limits, signature);
    });
  }

  inputsFor(target: Servable): PredictInputs | undefined {
    if (this.#made?.target === target) return this.#made.inputs;
    const reading = this.#readingFor(target);
    const request = this.#read(reading);
    if (request === undefined) return undefined;
    const inputs = { ...request, inputs: this.#own(reading, request), outputFilter: [] };
    this.#made = { target, request, inputs };
    return inputs;
  }

  messageFor(target: Servable): Bytes {
    const inputs = this.inputsFor(target);
    // What is wrong with a message is the worker's to tell.
    return inputs === undefined
      ? this.#parts.body.messageFor(target, this.#parts.signature)
      : messageOf(target, inputs);
  }

  #own({ signature, later }: Reading, request: PredictInputs): PredictInputs["inputs"] {
    const { renames, step } = this.#parts;
    if (signature === undefined) return request.inputs;
    if (renames.size > 0) return tensorsOf(feed(new Values(request.inputs), signature, renames, step));
    return later.size === 0 ? request.inputs : new Map([...request.inputs].filter(([name]) => !later.has(name)));
  }

  #read(reading: Reading): PredictInputs | undefined {
    if (reading.as === reading.own) return this.#readAs(reading.own);
    try {
      return this.#readAs(reading.all);
    } catch (thrown) {
      narrow(reading, thrown);
      return this.#readAs(reading.own);
    }
  }

  #readAs(target: Servable): PredictInputs | undefined {
    const { body, signature } = this.#parts;
    // A body that is not fit for joining gives only its message.
    const inputs =
      body.inputsFor?.(target, signature) ?? inputsOf("Predict", body.messageFor(target, signature), this.#key);
    return inputs?.kind === "tensors" ? inputs : undefined;
  }

  #readingFor(target: Servable): Reading {
    if (this.#reading?.target === target) return this.#reading;
    const { renames, wantedLater } = this.#parts;
    const signature = target.signatures.get(this.#key);
    const later = signature === undefined ? new Map<string, TensorInfo>() : wantedLater(target, signature);
    const sources = new Map<string, TensorInfo>();
    for (const [input, info] of signature?.inputs ?? []) sources.set(renames.get(input) ?? input, info);
    const own = renames.size === 0 ? target : taking(target, signature, sources);
    const all = later.size === 0 ? own : taking(target, signature, new Map([...sources, ...later]));
    this.#reading = { target, signature, later, all, own, as: all };
    return this.#reading;
  }
}

/** From now on only what the step wants is looked for: a request without the rest may be wrong only later. Throws what tells of something else. */
function narrow(reading: Reading, thrown: unknown): void {
  if (!(thrown instanceof InferenceError) || thrown.code !== "INVALID_ARGUMENT") throw thrown;
  reading.as = reading.own;
}

/** The version as if its signature took these. */
function taking(target: Servable, signature: Signature | undefined, inputs: Signature["inputs"]): Servable {
  if (signature === undefined) return target;
  const { name, version, signatureDefMap, merging, signatures } = target;
  const changed = new Map(signatures).set(signature.key, { ...signature, inputs });
  return { name, version, signatureDefMap, merging, signatures: changed };
}
