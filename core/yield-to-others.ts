import { setPriority } from "node:os";

/** The event loop, which all requests wait for, and the workers go first. */
const NICENESS = 5;

/** Called in a thread: it takes the processor only when the others leave it. */
export function yieldToOthers(): void {
  try {
    // On Linux it holds for the calling thread alone.
    if (process.platform === "linux") setPriority(NICENESS);
  } catch {
    // Not allowed everywhere, and nothing depends on it.
  }
}
