/** How long workers are given to end, where there is as much. */
export const WORKERS_END_MS = 1_500;

/** Of the time that a gateway has to end in, what stays for its workers: a quarter of a short one. */
export function workersShareMs(limitMs: number): number {
  return Math.min(WORKERS_END_MS, limitMs / 4);
}
