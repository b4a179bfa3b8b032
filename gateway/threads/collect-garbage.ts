import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives back what long bodies and answers have left behind. V8 starts to collect when something is allocated, so that a gateway
 * which has nothing more to do would keep hundreds of megabytes; holds the event loop for some ten milliseconds.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
