import { connect } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import { type Bytes, InferenceError } from "../../core/index.ts";
import { type PingConfig, UnaryClient } from "../../http2/index.ts";
import type { RawMethod } from "../../protos/index.ts";
import { directCall } from "./direct-call.ts";
import { type CallLimits, unaryCall } from "./unary-call.ts";

export type { PingConfig };

/**
 * What waits on a hung worker is sent elsewhere after 8 s at most, within the 10 s that many clients allow a call. Not
 * sooner: an event loop that is held up by a huge body looks the same, on both sides.
 */
const PING: PingConfig = { everyMs: 1_000, timeoutMs: 7_000 };

/**
 * Messages have no limit here (what comes in is bounded at the edges). With the window, an answer of 8 MB takes a third
 * of the time that it takes with HTTP/2's 64 KiB. A socket that isn't there yet is tried often, it costs nothing.
 */
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc-node.flow_control_window": 4 * 2 ** 20,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 200,
  "grpc.enable_retries": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
} as const;

/**
 * A call that is given up, or whose deadline passes, resets its HTTP/2 stream. A server on Node (nghttp2) takes 1,000
 * resets on one connection, and 33 more each second; with the next one it ends the connection, and every other call on
 * it. Neither grpc-js nor Node 20 has an option for that, so a connection on which so many calls were or may yet be reset
 * gets no new ones.
 */
const MAX_RESETS = 800;

/** A connection that calls go over. */
interface Caller {
  call(method: RawMethod, message: Bytes, limits: CallLimits, worker: string): Promise<Bytes>;
  close(): void;
}

const UNIX = "unix:";

/**
 * The connections to one worker. On this machine calls have one of their own, which takes a small part of what grpc-js's
 * client takes for a call; elsewhere, where names are looked up and found again, they use the control connection of grpc-js
 * until it has had too many resets. The creator closes them.
 */
export class Lines {
  /** To a worker of our own, on this machine. */
  readonly areLocal: boolean;
  /** For control calls. */
  readonly control: Client;
  readonly #first: Caller;
  readonly #connect: () => Caller;
  readonly #open = new Set<Line>();
  #line: Line;

  constructor(target: string, ping: PingConfig = PING) {
    this.control = openChannel(target, ping);
    this.areLocal = target.startsWith(UNIX);
    if (this.areLocal) {
      this.#connect = () => directCaller(target.slice(UNIX.length), ping);
      this.#first = this.#connect();
    } else {
      this.#connect = () => channelCaller(openChannel(target, ping));
      this.#first = channelCaller(this.control);
    }
    this.#line = this.#take(this.#first);
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

  /** New calls go over the first connection again. */
  reset(): void {
    if (this.#line.caller !== this.#first) this.#change(this.#first);
  }

  close(): void {
    for (const { caller } of this.#open) caller.close();
    this.#first.close();
    this.control.close();
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
    if (line.inFlight > 0 || !this.#open.delete(line) || line.caller === this.#first) return;
    line.caller.close();
  }
}

interface Line {
  readonly caller: Caller;
  inFlight: number;
  resets: number;
}

function openChannel(target: string, { everyMs, timeoutMs }: PingConfig): Client {
  return new Client(target, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS,
    "grpc.keepalive_time_ms": everyMs,
    "grpc.keepalive_timeout_ms": timeoutMs,
  });
}

function channelCaller(client: Client): Caller {
  return {
    call: (method, message, limits, worker) => unaryCall(client, method, message, limits, worker),
    close: () => client.close(),
  };
}

function directCaller(path: string, ping: PingConfig): Caller {
  const client = new UnaryClient((onread) => connect({ path, onread }), ping);
  return {
    call: (method, message, limits, worker) => directCall(client, method, message, limits, worker),
    close: () => client.close(),
  };
}

function isReset(thrown: unknown): boolean {
  return thrown instanceof InferenceError && (thrown.code === "CANCELLED" || thrown.code === "DEADLINE_EXCEEDED");
}
