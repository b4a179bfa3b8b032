import { isatty } from "node:tty";

/**
 * SIGHUP means "read your files again", as it does for every server. But where the terminal has closed that the process was
 * started from, it ends the process, as it does for every program in a terminal: nobody would be left to stop it. At once, since
 * Node cannot end in an orderly way without its terminal (it aborts); workers end with it.
 */
export function onHangUp(readAgain: () => void): void {
  const wasStartedByHand = hasTerminal();
  const listener = (): void => {
    if (!wasStartedByHand || hasTerminal()) return readAgain();
    process.off("SIGHUP", listener);
    process.kill(process.pid, "SIGHUP");
  };
  process.on("SIGHUP", listener);
}

/** False for a terminal that has closed, too. */
function hasTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}
