import { isatty } from "node:tty";

/**
 * SIGHUP means "read your files again", as it does for every server. But where the terminal has closed that the process was
 * started from, it is the end, as SIGTERM is: nobody would be left to stop it.
 */
export function onHangUp(readAgain: () => void): void {
  const wasStartedByHand = hasTerminal();
  process.on("SIGHUP", () => {
    if (wasStartedByHand && !hasTerminal()) process.kill(process.pid, "SIGTERM");
    else readAgain();
  });
}

/** False for a terminal that has closed, too. */
function hasTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor));
}
