import { describe, expect, test } from "vitest";
import type { PollPolicy } from "../../../config/index.ts";
import type { Scan } from "../../../worker/lifecycle/scan.ts";
import { startSource } from "../../../worker/lifecycle/source.ts";

const EMPTY: Scan = { is: "found", wanted: [], notes: [] };
const OFTEN: PollPolicy = { by: "interval", everyMs: 1 };

/** A source whose looks are answered by the test, one after the other. */
function heldSource(poll: PollPolicy): {
  scans: Scan[];
  looks: (() => void)[];
  looked: () => Promise<void>;
  close: () => void;
} {
  const scans: Scan[] = [];
  const looks: (() => void)[] = [];
  let onLook: (() => void) | undefined;
  const source = startSource({
    basePath: "/models/m",
    policy: { by: "all" },
    poll,
    onScan: (scan) => scans.push(scan),
    scan: () =>
      new Promise((resolve) => {
        looks.push(() => resolve(EMPTY));
        onLook?.();
      }),
  });
  const looked = (): Promise<void> =>
    new Promise((resolve) => {
      onLook = resolve;
    });
  return { scans, looks, looked, close: () => source.close() };
}

describe("a source", () => {
  test("looks at once, and again only after the look before has ended", async () => {
    const source = heldSource(OFTEN);
    expect(source.looks).toHaveLength(1);
    const second = source.looked();
    source.looks[0]?.();
    await second;
    expect(source.scans).toHaveLength(1);
    expect(source.looks).toHaveLength(2);
    source.close();
  });

  test("that is closed says nothing more of a look that was under way", async () => {
    const source = heldSource(OFTEN);
    source.close();
    source.looks[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.scans).toEqual([]);
    expect(source.looks).toHaveLength(1);
  });

  test("with poll `once` looks once", async () => {
    const source = heldSource({ by: "once" });
    source.looks[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.scans).toHaveLength(1);
    expect(source.looks).toHaveLength(1);
    source.close();
  });

  test("with poll `never` never looks, and says so", async () => {
    const source = heldSource({ by: "never" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.looks).toHaveLength(0);
    expect(source.scans).toEqual([{ is: "unreadable", problem: expect.stringContaining("polling is turned off") }]);
    source.close();
  });
});
