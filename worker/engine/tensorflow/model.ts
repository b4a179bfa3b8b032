import { byteLengthOf, InferenceError, NO_DEADLINE, timeLeftMs } from "../../../core/index.ts";
import type { Signatures, Tensor } from "../../../tensor/index.ts";
import type { Effect, LoadedModel, RunCall } from "../engine.ts";
import type { Library, Pointer } from "./library.ts";
import { NativeRun } from "./native-run.ts";
import { afterCallerRun, afterPoolRun, PaceBook } from "./pace.ts";
import { type RunPool, type RunShare, tooLate } from "./run-pool.ts";
import { closeSession, type Session } from "./session.ts";
import { runOptions } from "./session-config.ts";
import { isWiredFor, runTensors, type Wiring, wire } from "./wiring.ts";

/** What all models of an engine share. */
export interface Machinery {
  readonly library: Library;
  readonly pool: RunPool;
  /** Slow runs of one model at a time. */
  readonly runsPerModel: number;
  /** TF_Buffer with the RunOptions of a run in the calling thread. */
  readonly inCallingThread: Pointer;
}

/** Clients choose what they fetch, so the combinations have no end. */
const MAX_WIRINGS = 256;

/** A SavedModel in a native session. */
export class TensorFlowModel implements LoadedModel {
  readonly signatures: Signatures;
  readonly signatureDefMap: Uint8Array;
  readonly effects: ReadonlyMap<string, Effect>;
  readonly #machinery: Machinery;
  readonly #session: Session;
  readonly #paces = new PaceBook();
  readonly #share: RunShare;
  /** By plan. */
  readonly #wirings = new Map<string, Wiring>();
  /** Native runs on the pool, those that nobody waits for any more included. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #onClosed: () => void;
  #closed: Promise<void> | undefined;

  constructor(machinery: Machinery, session: Session, onClosed: () => void) {
    this.signatures = session.signatures;
    this.signatureDefMap = session.signatureDefMap;
    this.effects = session.effects;
    this.#machinery = machinery;
    this.#share = { limit: machinery.runsPerModel, running: 0 };
    this.#session = session;
    this.#onClosed = onClosed;
  }

  run(call: RunCall): Tensor[] | Promise<Tensor[]> {
    this.#throwIfClosed();
    if (call.deadline !== NO_DEADLINE && timeLeftMs(call.deadline) <= 0) throw tooLate(true);
    const wiring = this.#wire(call);
    const bytes = fedBytes(call);
    if (this.#paces.get(call.plan, bytes).where === "caller") return this.#runInCaller(call, wiring, bytes);
    const start = (): Promise<Tensor[]> => this.#runOnPool(call, wiring, bytes);
    return this.#machinery.pool.run({ share: this.#share, start, deadline: call.deadline, signal: call.signal });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await closeSession(this.#machinery.library, this.#session);
    this.#onClosed();
  }

  #runInCaller(call: RunCall, wiring: Wiring, bytes: number): Tensor[] {
    using native = new NativeRun(this.#machinery.library, call, wiring, wiring.tensors);
    native.feed();
    const began = performance.now();
    native.runInCaller(this.#session.session, this.#machinery.inCallingThread);
    const pace = this.#paces.get(call.plan, bytes);
    this.#paces.set(call.plan, bytes, afterCallerRun(pace, performance.now() - began));
    return native.answer();
  }

  async #runOnPool(call: RunCall, wiring: Wiring, bytes: number): Promise<Tensor[]> {
    this.#throwIfClosed();
    const { library } = this.#machinery;
    using native = new NativeRun(library, call, wiring, runTensors(call.feeds.length, call.fetches.length));
    native.feed();
    const options = timeoutOptions(library, call);
    const began = performance.now();
    const run = native.runOnPool(this.#session.session, options);
    this.#underWay.add(run);
    try {
      await run;
    } finally {
      this.#underWay.delete(run);
      if (options !== null) library.TF_DeleteBuffer(options);
    }
    const pace = this.#paces.get(call.plan, bytes);
    this.#paces.set(call.plan, bytes, afterPoolRun(pace, performance.now() - began));
    return native.answer();
  }

  /** A plan has the same wiring each time, but where a client chooses what it fetches. */
  #wire(call: RunCall): Wiring {
    const known = this.#wirings.get(call.plan);
    if (known !== undefined && isWiredFor(known, call.feeds, call.fetches)) return known;
    const feeds = call.feeds.map(([name]) => name);
    const wiring = wire(this.#machinery.library, this.#session.graph, feeds, [...call.fetches]);
    if (this.#wirings.size >= MAX_WIRINGS) this.#wirings.clear();
    this.#wirings.set(call.plan, wiring);
    return wiring;
  }

  #throwIfClosed(): void {
    if (this.#closed === undefined) return;
    throw new InferenceError("UNAVAILABLE", "the model is unloaded", { origin: "worker", retryable: true });
  }
}

/** RunOptions that let TensorFlow cancel a run whose deadline passes; null without one. The caller deletes the buffer. */
function timeoutOptions(library: Library, call: RunCall): Pointer | null {
  if (call.deadline === NO_DEADLINE) return null;
  const bytes = runOptions({ timeoutMs: Math.max(1, Math.ceil(timeLeftMs(call.deadline))) });
  return library.TF_NewBufferFromString(bytes, bytes.length);
}

function fedBytes(call: RunCall): number {
  let bytes = 0;
  for (const [, tensor] of call.feeds) {
    if (tensor.kind === "packed") bytes += byteLengthOf(tensor.pieces ?? tensor.data);
    else for (const value of tensor.values) bytes += value.length + 24;
  }
  return bytes;
}
