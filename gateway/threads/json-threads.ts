import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Logger, ModelSpec } from "../../core/index.ts";
import {
  type JsonReading,
  type JsonWriting,
  memoryOfBody,
  type PredictFormat,
  type RequestBody,
  type Signature,
} from "../../tensor/index.ts";
import type { CallLimits } from "../call.ts";
import { collectGarbage } from "./collect-garbage.ts";
import type { AnswerKind, InputTypes, Job } from "./jobs.ts";
import { ownMemory } from "./own-memory.ts";
import { type Reply, resultOf } from "./reply.ts";
import { type Posted, ThreadPool } from "./thread-pool.ts";

/**
 * From here on JSON goes to a thread. Less holds the event loop for milliseconds, and the way there and back costs a
 * gateway on one core more than that: `bench/rest-image.ts` has bodies of 1.4 MB.
 */
export const IN_THREAD_BYTES: number = 4 * 2 ** 20;

/** More would take cores from the workers, which all that is decoded here goes to. */
const MAX_THREADS = 2;
const IDLE_MS = 10_000;

export interface DecodedExamples {
  /** The request for the spec's model and signature, latest version. */
  readonly message: Uint8Array;
  /** Strings or examples in it. */
  readonly strings: number;
}

export interface DecodedPredict extends DecodedExamples {
  readonly is: "decoded";
  readonly format: PredictFormat;
  /** What it was made of: it moves to the thread and back. */
  readonly body: RequestBody;
}

/** What is wrong with a body for a signature; another one may take it. */
export interface RefusedPredict {
  readonly is: "refused";
  /** For `resultOf`, which throws it. */
  readonly failure: Reply;
  readonly body: RequestBody;
}

/**
 * The JSON codec off the event loop, for long bodies and answers. All arrays that are given become unusable at once: their memory
 * moves to the thread. Rejects as the functions of `tensor/json` throw, and with what ends the call.
 */
export interface JsonThreads {
  /** Of a body in parts, whose memory is their own. */
  parse(parts: readonly Uint8Array[], limits: CallLimits): Promise<RequestBody>;
  predict(
    body: RequestBody,
    spec: ModelSpec,
    signature: Signature,
    reading: JsonReading,
    limits: CallLimits,
  ): Promise<DecodedPredict | RefusedPredict>;
  examples(body: RequestBody, spec: ModelSpec, reading: JsonReading, limits: CallLimits): Promise<DecodedExamples>;
  encode(message: Uint8Array, answer: AnswerKind, writing: JsonWriting, limits: CallLimits): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** No thread starts before there is something to do. Whoever creates it closes it. */
export function createJsonThreads(log: Logger): JsonThreads {
  const program = new URL(import.meta.resolve("#asset/dist/gateway/threads/thread.js"));
  const pool = new ThreadPool({
    start: () => new Worker(program),
    maxThreads: Math.min(MAX_THREADS, availableParallelism()),
    idleMs: IDLE_MS,
    onCrash: (error) => log.error({ err: error }, "a thread that reads or writes JSON has ended"),
    onQuiet: collectGarbage,
  });
  const run = async (make: () => { readonly job: Job; readonly moved: readonly Uint8Array[] }, limits: CallLimits) =>
    resultOf(await pool.run(() => posted(make()), limits));
  return {
    parse: async (parts, limits) =>
      (await run(() => ({ job: { do: "parse", parts }, moved: parts }), limits)) as RequestBody,
    predict: async (body, spec, { inputs }, reading, limits) => {
      const types: InputTypes = Array.from(inputs, ([name, { dtype }]) => [name, dtype?.number ?? 0]);
      const job: Job = { do: "decode predict", body, spec, inputs: types, reading };
      return (await run(() => ({ job, moved: memoryOfBody(body) }), limits)) as DecodedPredict | RefusedPredict;
    },
    examples: async (body, spec, reading, limits) =>
      (await run(
        () => ({ job: { do: "decode examples", body, spec, reading }, moved: memoryOfBody(body) }),
        limits,
      )) as DecodedExamples,
    encode: async (message, answer, writing, limits) =>
      (await run(() => {
        const own = ownMemory(message);
        return { job: { do: "encode", message: own, answer, writing }, moved: [own] };
      }, limits)) as Uint8Array,
    close: () => pool.close(),
  };
}

function posted({ job, moved }: { readonly job: Job; readonly moved: readonly Uint8Array[] }): Posted {
  return { message: job, moved: moved.map(({ buffer }) => buffer as ArrayBuffer) };
}
