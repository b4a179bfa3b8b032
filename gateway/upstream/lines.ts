import { Client, credentials } from "@grpc/grpc-js";
import { InferenceError } from "../../core/index.ts";

/** How a process that hangs is noticed: its connection is given up `timeoutMs` after a ping that it doesn't answer. */
export interface PingConfig {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

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

/** The connections to one worker: one for control calls, which inference uses too until it has had too many resets. The creator closes them. */
export class Lines {
  readonly control: Client;
  readonly #connect: () => Client;
  readonly #open = new Set<Line>();
  #line: Line;

  constructor(target: string, { everyMs, timeoutMs }: PingConfig = PING) {
    this.#connect = () =>
      new Client(target, credentials.createInsecure(), {
        ...CHANNEL_OPTIONS,
        "grpc.keepalive_time_ms": everyMs,
        "grpc.keepalive_timeout_ms": timeoutMs,
      });
    this.control = this.#connect();
    this.#line = this.#take(this.control);
  }

  /** Runs one call over a connection that can stand its reset. */
  async use<T>(call: (client: Client) => Promise<T>): Promise<T> {
    if (this.#line.inFlight + this.#line.resets >= MAX_RESETS) this.#change(this.#connect());
    const line = this.#line;
    line.inFlight++;
    try {
      return await call(line.client);
    } catch (thrown) {
      if (isReset(thrown)) line.resets++;
      throw thrown;
    } finally {
      line.inFlight--;
      if (line !== this.#line) this.#drop(line);
    }
  }

  /** New calls go over the control connection again. */
  reset(): void {
    if (this.#line.client !== this.control) this.#change(this.control);
  }

  close(): void {
    for (const { client } of this.#open) client.close();
    this.control.close();
  }

  #change(client: Client): void {
    const before = this.#line;
    this.#line = this.#take(client);
    this.#drop(before);
  }

  #take(client: Client): Line {
    const line = { client, inFlight: 0, resets: 0 };
    this.#open.add(line);
    return line;
  }

  /** Once its last call has ended. */
  #drop(line: Line): void {
    if (line.inFlight > 0 || !this.#open.delete(line) || line.client === this.control) return;
    line.client.close();
  }
}

interface Line {
  readonly client: Client;
  inFlight: number;
  resets: number;
}

function isReset(thrown: unknown): boolean {
  return thrown instanceof InferenceError && (thrown.code === "CANCELLED" || thrown.code === "DEADLINE_EXCEEDED");
}
