/** `setTimeout` turns a longer delay into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Whoever starts it stops it. */
export interface Silence {
  /** Something has come or gone. */
  readonly broken: () => void;
  /** Nobody waits any more. */
  readonly stop: () => void;
}

export const NEVER: Silence = { broken: () => {}, stop: () => {} };

/** Calls back once nothing has happened for `limitMs` (`Infinity`: never), unless it was not the other side's turn. */
export function watchSilence(limitMs: number, isTheirTurn: () => boolean, tooLong: () => void): Silence {
  if (limitMs === Number.POSITIVE_INFINITY) return NEVER;
  const timer = setTimeout(
    () => {
      if (isTheirTurn()) tooLong();
      else timer.refresh();
    },
    Math.min(limitMs, MAX_TIMER_MS),
  );
  return {
    broken: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}
