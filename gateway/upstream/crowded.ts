import type { RoutedCall } from "../call.ts";

/** Whether a call more is over a limit. Copies, for which nobody waits, leave half of it to those who do. */
export function isCrowded({ isCopy }: Pick<RoutedCall, "isCopy">, inFlight: number, maxInFlight: number): boolean {
  return inFlight + 1 > (isCopy === true ? maxInFlight / 2 : maxInFlight);
}
