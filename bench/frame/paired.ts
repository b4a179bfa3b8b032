/**
 * Measures sides in turn, A B A B …, so that a machine that is slower for a minute is slower for all of them.
 * Answers the measurements of each side, in the order of `sides`, round by round.
 */
export async function inTurns<Measured>(
  sides: readonly (() => Promise<Measured>)[],
  rounds: number,
): Promise<Measured[][]> {
  const measured = sides.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [side, measure] of sides.entries()) measured[side]?.push(await measure());
  }
  return measured;
}

/**
 * Of functions in this process: how often a second each can be called, in turns, one sample a round. Each is called for
 * `seconds` in a round, after as long a warm-up (once in all). What a function returns is added up, so that no compiler
 * leaves its work out.
 */
export function callsPerSecond(
  functions: readonly (() => number)[],
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
): number[][] {
  for (const call of functions) timed(call, seconds);
  const measured = functions.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [side, call] of functions.entries()) measured[side]?.push(timed(call, seconds));
  }
  return measured;
}

let sum = 0;

function timed(call: () => number, seconds: number): number {
  const start = performance.now();
  const end = start + seconds * 1000;
  // The clock is asked once for a batch of calls that grows until it takes about a millisecond.
  let calls = 0;
  let batch = 1;
  for (let now = start; ; ) {
    for (let left = batch; left > 0; left--) sum += call();
    calls += batch;
    const after = performance.now();
    if (after >= end) return (calls * 1000) / (after - start);
    if (after - now < 1) batch *= 2;
    now = after;
  }
}

/** What the calls returned, added up: print it, or it may be left out. */
export function sumOfResults(): number {
  return sum;
}
