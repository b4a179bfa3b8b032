import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { deadlineIn, NO_DEADLINE, onDeadline } from "../../core/index.ts";

describe("deadlines", () => {
  test("one timer serves them all: each rings at its own, and not once it is disposed", async () => {
    const rung: string[] = [];
    const at = (name: string, deadline: number) => onDeadline(deadline, () => rung.push(name));
    const ended = at("ended", deadlineIn(5));
    at("late", deadlineIn(40));
    at("never", NO_DEADLINE);
    at("early", deadlineIn(20));
    const far = at("far", deadlineIn(2 ** 40));
    ended[Symbol.dispose]();
    ended[Symbol.dispose]();
    await expect.poll(() => rung).toEqual(["early", "late"]);
    at("past", deadlineIn(-1));
    await expect.poll(() => rung).toEqual(["early", "late", "past"]);
    await sleep(5);
    expect(rung).toHaveLength(3);
    far[Symbol.dispose]();
  });

  test("one that rings may dispose of another that is due as well", async () => {
    const rung: string[] = [];
    const due = deadlineIn(5);
    const pair = ["one", "other"].map((name, i) =>
      onDeadline(due, () => {
        rung.push(name);
        pair[1 - i]?.[Symbol.dispose]();
      }),
    );
    await expect.poll(() => rung).toHaveLength(1);
    await sleep(10);
    expect(rung).toHaveLength(1);
  });
});
