import type { Connection } from "./connection.ts";

/** How an end that hangs is noticed: its connection is given up `timeoutMs` after a ping that it doesn't answer. */
export interface PingConfig {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** `setTimeout` turns a longer delay into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Pings a connection for as long as it is there, or until disposed. Keeps no process alive. */
export function keepalive(connection: Connection, { everyMs, timeoutMs }: PingConfig): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => {
    if (everyMs <= MAX_TIMER_MS) timer = setTimeout(ping, everyMs).unref();
  };
  const ping = (): void => {
    if (connection.closed) return;
    timer = setTimeout(() => connection.destroy(new Error("a ping was not answered")), timeoutMs).unref();
    connection.ping(() => {
      clearTimeout(timer);
      rest();
    });
  };
  rest();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
