import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";

const BUFFER_BYTES = 65_536;

/** What each connection reads into, one after the other. */
let shared: Buffer | undefined;

/**
 * For `net.connect`: reads into one buffer for all connections, where a socket would allocate 64 KiB for each read, however
 * little comes: much of the processor time of a small request, and memory that only a full collection frees. `onBytes` is told
 * of what comes, in memory that is only its own until it returns; such a socket has no 'data' events, but has to be resumed
 * to have an 'end'.
 */
export function sharedReads(onBytes: (bytes: Buffer) => void): OnReadOpts {
  const buffer = (shared ??= Buffer.allocUnsafeSlow(BUFFER_BYTES));
  return {
    buffer,
    callback(length) {
      onBytes(buffer.subarray(0, length));
      return true;
    },
  };
}

/** A connection as libuv has it. Node lends it to other sockets itself, for child processes and TLS, but documents it nowhere. */
interface Lendable {
  _handle?: object | null;
}

/**
 * {@link sharedReads} for an accepted connection: takes it over from its socket before anything has been read. Answers the
 * socket to use from now on; undefined where it can't be taken over: what is not a plain TCP or Unix socket.
 */
export function takeOver(accepted: Socket, onBytes: (bytes: Buffer) => void): Socket | undefined {
  const lender = accepted as Lendable;
  const handle = lender._handle;
  if (accepted.constructor !== Socket || typeof handle !== "object" || handle === null) return undefined;
  const { allowHalfOpen } = accepted;
  const options: SocketConstructorOpts & { handle: object; onread: OnReadOpts } = {
    handle,
    allowHalfOpen,
    onread: sharedReads(onBytes),
  };
  lender._handle = null;
  const socket = new Socket(options);
  // Its server counts it, and is told by it alone when the connection has ended.
  socket.once("close", () => accepted.destroy());
  return socket.resume();
}
