import { setImmediate as immediate } from "node:timers/promises";
import { type BatchingConfig } from "../../../config/index.ts";
import { DEFAULT_BATCHING } from "../../../config/schema/batching.ts";
import { InferenceError, modelName, NO_DEADLINE, silentLogger, version } from "../../../core/index.ts";
import { outputsOf } from "../../../gateway/answer-content.ts";
import { createBatching } from "../../../gateway/batching/index.ts";
import type { Answer, InferenceCall, Merging, RoutedCall, Servable } from "../../../gateway/call.ts";
import {
  decodePredictRequest,
  dtypeNamed,
  encodePredictResponse,
  packedTensor,
  type Signature,
  type Tensor,
} from "../../../tensor/index.ts";

/** A departure is at the end of a turn, and what it leads to in the next. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await immediate();
}

const FLOAT = dtypeNamed("float");
const ROWS = { name: "x:0", dtype: FLOAT, shape: [-1] };

function signature(key: string, output: Signature["outputs"] = new Map([["y", ROWS]])): readonly [string, Signature] {
  return [key, { key, methodName: "", inputs: new Map([["x", ROWS]]), outputs: output, defaults: new Map() }];
}

const signatures = new Map([
  signature("serving_default"),
  signature("another"),
  signature("scalar", new Map([["y", { ...ROWS, shape: [] }]])),
  signature("unheard_of"),
]);

/** A version of a model; every signature but one has the verdict. */
export function servable(number: number, verdict: Merging = { is: "proven" }): Servable {
  const examined = [...signatures.keys()].filter((key) => key !== "unheard_of");
  return {
    name: modelName("m"),
    version: version(number),
    signatures,
    signatureDefMap: new Uint8Array(),
    merging: new Map(examined.map((key) => [key, verdict])),
  };
}

const SERVED = servable(1);

export function floats(shape: readonly number[], values: readonly number[]): Tensor {
  return packedTensor(FLOAT, shape, new Uint8Array(Float32Array.from(values).buffer));
}

export function numbers(tensor: Tensor | undefined): number[] {
  if (tensor?.kind !== "packed") throw new Error("a packed tensor was expected");
  return [...new Float32Array(Uint8Array.from(tensor.data).buffer)];
}

export interface Draft extends Partial<Pick<InferenceCall, "deadline" | "signal" | "header">> {
  readonly inputs?: ReadonlyMap<string, Tensor>;
  readonly signature?: string;
  readonly outputFilter?: readonly string[];
  readonly target?: Servable;
  readonly arm?: string;
}

/** A Predict call with these rows. */
export function call(x: Tensor | readonly number[], draft: Draft = {}): RoutedCall {
  const tensor = "kind" in x ? x : floats([x.length], x);
  const { inputs = new Map([["x", tensor]]), signature = "serving_default", outputFilter = [] } = draft;
  const request = { kind: "tensors", signature, inputs, outputFilter } as const;
  const { deadline = NO_DEADLINE, signal = new AbortController().signal, header = () => undefined } = draft;
  const spec = { name: modelName("m"), choice: { by: "latest" }, signature } as const;
  const alone = { messageFor: () => new Uint8Array(), inputsFor: () => request };
  return {
    call: { method: "Predict", spec, body: alone, header, deadline, signal },
    target: draft.target ?? SERVED,
    arm: draft.arm ?? "",
  };
}

function xOf({ call, target }: RoutedCall): Tensor {
  const request = call.body.inputsFor?.(target);
  const x =
    request?.kind === "tensors"
      ? request.inputs.get("x")
      : decodePredictRequest(call.body.messageFor(target)).inputs.get("x")?.();
  if (x === undefined) throw new Error("the call has no x");
  return x;
}

/** What a call asks that is held. */
export interface Held {
  readonly routed: RoutedCall;
  readonly x: readonly number[];
  readonly rows: number;
  /** Lets it answer, or fail with this. */
  readonly go: (error?: InferenceError) => void;
}

export interface Workers {
  readonly send: (routed: RoutedCall) => Promise<Answer>;
  readonly held: readonly Held[];
  /** Everything that was sent, in its order. */
  readonly sent: readonly (readonly number[])[];
  /** Lets all that are held now. */
  readonly letAll: () => void;
}

type Run = (x: readonly number[]) => Tensor | readonly number[];

export const halves: Run = (x) => x.map((value) => value / 2);

/** Stands for the workers: answers y = run(x) once it is let, and keeps what it was asked. What `run` throws is the answer. */
export function workers(run: Run = halves): Workers {
  const held: Held[] = [];
  const sent: (readonly number[])[] = [];
  const send = (routed: RoutedCall): Promise<Answer> => {
    const tensor = xOf(routed);
    const x = numbers(tensor);
    sent.push(x);
    return new Promise((resolve, reject) => {
      const one: Held = {
        routed,
        x,
        rows: tensor.shape[0] ?? 0,
        go(error) {
          held.splice(held.indexOf(one), 1);
          if (error !== undefined) return reject(error);
          try {
            resolve(answerOf(routed, run(x)));
          } catch (thrown) {
            reject(thrown);
          }
        },
      };
      held.push(one);
    });
  };
  const letAll = (): void => {
    for (const { go } of held.slice()) go();
  };
  return { send, held, sent, letAll };
}

function answerOf({ target, arm, call }: RoutedCall, result: Tensor | readonly number[]): Answer {
  const y = "kind" in result ? result : floats([result.length], result);
  const spec = { name: target.name, version: target.version, signature: call.spec.signature };
  return {
    target,
    arm,
    content: { is: "message", message: encodePredictResponse(spec, new Map([["y", y]]), "content") },
  };
}

export type Send = (routed: RoutedCall) => Promise<Answer>;

/** Small bounds, one call at a time, unless it says otherwise. */
export function batching(
  send: Send,
  config: Partial<BatchingConfig> = {},
  onDeparture: (calls: number) => void = () => {},
): Send {
  const full = { ...DEFAULT_BATCHING, maxRows: 8, maxInFlight: 1, maxQueuedRows: 64, ...config };
  return createBatching({
    configOf: () => full,
    endpointCount: () => 1,
    send,
    onDeparture: (_target, _signature, calls) => onDeparture(calls),
    log: silentLogger,
  }).send;
}

export async function answered(answer: Promise<Answer>): Promise<number[]> {
  return numbers(outputsOf((await answer).content).get("y"));
}

export function badRow(): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", "a bad row");
}
