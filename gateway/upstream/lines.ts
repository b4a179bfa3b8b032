import { isDeepStrictEqual } from "node:util";
import type { Client } from "@grpc/grpc-js";
import { type Bytes, InferenceError } from "../../core/index.ts";
import type { PingConfig } from "../../http2/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import { type Caller, channelCaller, directCaller, openChannel, type Place, placeOf } from "./caller.ts";
import type { CallLimits } from "./unary-call.ts";

export type { PingConfig };

export interface LinesOptions {
  /** In gRPC's syntax. */
  readonly target: string;
  readonly ping?: PingConfig | undefined;
  /** A worker of ours, rather than any server that speaks TensorFlow Serving's API. */
  readonly isOwn: boolean;
}

/**
 * What waits on a hung worker is sent elsewhere after 8 s at most, within the 10 s that many clients allow a call. Not
 * sooner: an event loop that is held up by a huge body looks the same, on both sides.
 */
export const PING: PingConfig = { everyMs: 1_000, timeoutMs: 7_000 };

/** As rarely as any gRPC server takes from a connection on which it says nothing itself. */
const UNPINGED: PingConfig = { everyMs: 310_000, timeoutMs: 7_000 };

/**
 * A call that is given up, or whose deadline passes, resets its HTTP/2 stream. A server on Node (nghttp2) takes 1,000
 * resets on one connection, and 33 more each second; with the next one it ends the connection, and every other call on
 * it. Neither grpc-js nor Node 20 has an option for that, so a connection on which so many calls were or may yet be reset
 * gets no new ones.
 */
const MAX_RESETS = 800;

/**
 * The connections to one worker. Calls to a worker of ours have one of their own, which takes a small part of what grpc-js's
 * client takes for a call; a name may have several addresses, so it leads to the one that the control connection has come to.
 * Other servers are called over the control connection until it has had too many resets: what they answer there to being
 * asked what they serve shows them that its pings are no nuisance. The creator closes them.
 */
export class Lines {
  /** For control calls. */
  readonly control: Client;
  readonly #options: LinesOptions;
  readonly #overControl: Caller;
  readonly #open = new Set<Line>();
  /** Undefined: calls go over grpc-js. */
  #place: Place | undefined;
  #line: Line;

  constructor(options: LinesOptions) {
    const { target, ping = PING, isOwn } = options;
    this.#options = options;
    this.control = openChannel(target, ping);
    this.#overControl = { ...channelCaller(this.control), close: () => {} };
    this.#place = isOwn ? placeOf(target) : undefined;
    this.#line = this.#take(this.#place === undefined ? this.#overControl : this.#connect());
  }

  /** Makes one call, over a connection that can stand its reset. Fails as `unaryCall` does. */
  async call(method: RawMethod, message: Bytes, limits: CallLimits, worker: string): Promise<Bytes> {
    if (this.#line.inFlight + this.#line.resets >= MAX_RESETS) this.#change(this.#connect());
    const line = this.#line;
    line.inFlight++;
    try {
      return await line.caller.call(method, message, limits, worker);
    } catch (thrown) {
      if (isReset(thrown)) line.resets++;
      throw thrown;
    } finally {
      line.inFlight--;
      if (line !== this.#line) this.#drop(line);
    }
  }

  /** The control connection has just been proven: new calls go where it leads. `peer`: that address, which a name needs. */
  reset(peer = ""): void {
    if (!this.#options.isOwn) {
      if (this.#line.caller !== this.#overControl) this.#change(this.#overControl);
      return;
    }
    const place = placeOf(this.#options.target) ?? placeOf(peer);
    if (isDeepStrictEqual(place, this.#place)) return;
    this.#place = place;
    this.#change(place === undefined ? this.#overControl : this.#connect());
  }

  close(): void {
    for (const { caller } of this.#open) caller.close();
    this.control.close();
  }

  #connect(): Caller {
    const { target, ping = PING } = this.#options;
    return this.#place === undefined
      ? channelCaller(openChannel(target, UNPINGED))
      : directCaller(this.#place, target, ping);
  }

  #change(caller: Caller): void {
    const before = this.#line;
    this.#line = this.#take(caller);
    this.#drop(before);
  }

  #take(caller: Caller): Line {
    const line = { caller, inFlight: 0, resets: 0 };
    this.#open.add(line);
    return line;
  }

  /** Once its last call has ended. */
  #drop(line: Line): void {
    if (line.inFlight === 0 && this.#open.delete(line)) line.caller.close();
  }
}

interface Line {
  readonly caller: Caller;
  inFlight: number;
  resets: number;
}

function isReset(thrown: unknown): boolean {
  return thrown instanceof InferenceError && (thrown.code === "CANCELLED" || thrown.code === "DEADLINE_EXCEEDED");
}
