import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFairTurns } from "../../../gateway/rest/fair-turns.ts";

const MIB = 2 ** 20;

test("who comes when a turn has had its share waits for the next one", async () => {
  const turns = createFairTurns();
  const [first, second, third] = [new PassThrough(), new PassThrough(), new PassThrough()];
  turns.received(1.5 * MIB, first);
  turns.received(MIB, second);
  turns.received(1, third);
  expect([first, second, third].map((stream) => stream.isPaused())).toEqual([false, true, true]);
  await nextTurn();
  expect([second, third].map((stream) => stream.isPaused())).toEqual([false, false]);
});

test("each turn has a share of its own", async () => {
  const turns = createFairTurns();
  const stream = new PassThrough();
  for (let turn = 0; turn < 3; turn++) {
    turns.received(2 * MIB, stream);
    expect(stream.isPaused()).toBe(false);
    await nextTurn();
  }
});
