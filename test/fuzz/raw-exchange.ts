import { connect } from "node:net";

export interface Exchange {
  readonly bytes: Buffer;
  /**
   * How long the client waits before it says that there will be no more: Infinity where these bytes must be answered; a
   * server that is sent something broken may as well wait for the rest of it.
   */
  readonly patienceMs: number;
}

/**
 * Sends bytes over a connection of its own and gives what came back until the server closed it, which it is asked to do
 * after `answered` says that there is an answer. Throws when that takes longer than the limit. A connection that the
 * server cuts off has ended too.
 */
export function exchange(
  port: number,
  { bytes, patienceMs }: Exchange,
  answered: (received: string) => boolean,
  limitMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    let ending: NodeJS.Timeout | undefined;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }, () => {
      socket.write(bytes);
      if (patienceMs !== Infinity) ending = setTimeout(() => socket.end(), patienceMs);
    });
    const limit = setTimeout(() => {
      socket.destroy();
      const sent = JSON.stringify(bytes.toString("latin1").slice(0, 4_000));
      reject(new Error(`no end within ${limitMs} ms; sent ${sent}; came ${JSON.stringify(received.slice(0, 1_000))}`));
    }, limitMs);
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (answered(received)) socket.end();
    });
    socket.on("end", () => socket.end());
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(limit);
      clearTimeout(ending);
      resolve(received);
    });
  });
}
