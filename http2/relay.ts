import type { Connection } from "./connection.ts";
import { ErrorCode } from "./error.ts";
import type { Fields } from "./header-decoder.ts";
import { encodeFields } from "./header-encoder.ts";
import { NOBODY, type Stream, type StreamListener } from "./stream.ts";

/** What is read of one end is acknowledged, whether or not the other takes it: with more than this waiting the stream is given up. */
const MAX_QUEUED_BYTES = 2 ** 28;

/** Hands a stream of one connection on to another one, as it is, both ways. */
export function relay(from: Connection, stream: Stream, to: Connection, fields: Fields): StreamListener {
  const far = to.open(NOBODY);
  far.listener = oneWay(from, stream);
  to.sendHeaders(far, encodeFields(fields), false);
  return oneWay(to, far);
}

/** Sends what is heard of one stream to another. Headers behind the first ones are trailers, and end it. */
function oneWay(connection: Connection, stream: Stream): StreamListener {
  let held: Fields | undefined;
  const release = (last: boolean): void => {
    if (held !== undefined) connection.sendHeaders(stream, encodeFields(held), last);
    else if (last) connection.sendData(stream, [], true);
    held = undefined;
  };
  return {
    onHeaders(fields) {
      release(false);
      held = fields;
      // Whether they end the stream is told at once, or not at all.
      process.nextTick(() => release(false));
    },
    onData(bytes) {
      release(false);
      connection.sendData(stream, [Buffer.from(bytes)], false);
      if (stream.queue.length > 1 && connection.queuedBytes > MAX_QUEUED_BYTES)
        connection.reset(stream, ErrorCode.ENHANCE_YOUR_CALM);
    },
    onEnd: () => release(true),
    onReset: (code) => connection.reset(stream, code ?? ErrorCode.CANCEL),
  };
}
