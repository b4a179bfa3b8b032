import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createFairTurns } from "../../../gateway/rest/fair-turns.ts";

const KIB = 2 ** 10;

test("who comes when a turn has had its share waits for the next one", async () => {
  const turns = createFairTurns();
  const [first, second, third] = [new PassThrough(), new PassThrough(), new PassThrough()];
  turns.received(400 * KIB, first);
  turns.received(200 * KIB, second);
  turns.received(1, third);
  expect([first, second, third].map((stream) => stream.isPaused())).toEqual([false, true, true]);
  await nextTurn();
  expect([second, third].map((stream) => stream.isPaused())).toEqual([false, false]);
});

test("each turn has a share of its own", async () => {
  const turns = createFairTurns();
  const stream = new PassThrough();
  for (let turn = 0; turn < 3; turn++) {
    turns.received(512 * KIB, stream);
    expect(stream.isPaused()).toBe(false);
    await nextTurn();
  }
});

test("of many who wait only so many go on in one turn as would fill it, the first first, though nobody else comes", async () => {
  const turns = createFairTurns();
  turns.received(512 * KIB, new PassThrough());
  const streams = Array.from({ length: 20 }, () => new PassThrough());
  for (const stream of streams) turns.received(64 * KIB, stream);
  const flowing: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    flowing.push(streams.findLastIndex((stream) => !stream.isPaused()) + 1);
    expect(streams.filter((stream) => !stream.isPaused())).toHaveLength(flowing.at(-1) ?? 0);
    await nextTurn();
  }
  expect(flowing).toEqual([0, 8, 16, 20]);
});
