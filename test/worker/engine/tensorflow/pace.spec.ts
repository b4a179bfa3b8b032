import { describe, expect, test } from "vitest";
import {
  afterCallerRun,
  afterPoolRun,
  type Pace,
  PaceBook,
  sizeClass,
  UNKNOWN_PACE,
} from "../../../../worker/engine/tensorflow/pace.ts";

function onPool(pace: Pace, ...times: number[]): Pace {
  return times.reduce(afterPoolRun, pace);
}

function inCaller(pace: Pace, ...times: number[]): Pace {
  return times.reduce(afterCallerRun, pace);
}

const quick = onPool(UNKNOWN_PACE, 40, 0.2, 0.2);

describe("where a plan runs", () => {
  for (const { name, pace, want } of [
    { name: "on the pool when nothing is known", pace: UNKNOWN_PACE, want: "pool" },
    { name: "on the pool after two quick runs: not proven yet", pace: onPool(UNKNOWN_PACE, 0.1, 0.1), want: "pool" },
    { name: "in the caller after three, of which the first only warmed up", pace: quick, want: "caller" },
    { name: "on the pool after three slow runs", pace: onPool(UNKNOWN_PACE, 5, 5, 5), want: "pool" },
    {
      name: "in the caller once a slow plan has become quick",
      pace: onPool(UNKNOWN_PACE, 5, 5, 5, 0.2, 9, 9),
      want: "caller",
    },
    { name: "in the caller in spite of one run of 20 ms", pace: inCaller(quick, 0.1, 20, 0.1), want: "caller" },
    { name: "on the pool after two of them", pace: inCaller(quick, 0.1, 20, 0.1, 20), want: "pool" },
    {
      name: "in the caller when one in twenty takes 20 ms: that is the machine",
      pace: inCaller(quick, ...Array.from({ length: 400 }, (_, i) => (i % 20 === 0 ? 20 : 0.1))),
      want: "caller",
    },
    { name: "on the pool after one run of 45 ms", pace: inCaller(quick, 0.1, 45), want: "pool" },
    { name: "on the pool when the average is over 1 ms", pace: inCaller(quick, 2, 2, 2, 2), want: "pool" },
    { name: "where it was, when a pool run ends after the verdict", pace: onPool(quick, 50), want: "caller" },
  ]) {
    test(name, () => expect(pace.where).toBe(want));
  }

  test("a plan that was sent back must prove itself for longer each time", () => {
    const once = inCaller(quick, 50);
    expect(onPool(once, ...Array<number>(31).fill(0.1)).where).toBe("pool");
    const again = onPool(once, ...Array<number>(32).fill(0.1));
    expect(again.where).toBe("caller");
    const twice = inCaller(again, 50);
    expect(onPool(twice, ...Array<number>(63).fill(0.1)).where).toBe("pool");
    expect(onPool(twice, ...Array<number>(64).fill(0.1)).where).toBe("caller");
  });

  test("a long time without a fault clears the record", () => {
    const back = onPool(inCaller(quick, 50), ...Array<number>(32).fill(0.1));
    const cleared = inCaller(back, ...Array<number>(2000).fill(0.1), 50);
    expect(cleared.runsToProof).toBe(32);
  });
});

describe("sizes of input", () => {
  test("double from class to class", () => {
    expect([0, 255, 256, 511, 512, 1024, 1e6].map(sizeClass)).toEqual([0, 0, 1, 1, 2, 3, 12]);
  });

  test("are judged apart: one row proves nothing for a thousand", () => {
    const book = new PaceBook();
    book.set("p", 100, quick);
    expect(book.get("p", 200).where).toBe("caller");
    expect(book.get("p", 100_000).where).toBe("pool");
    expect(book.get("other", 100).where).toBe("pool");
  });
});
