import { expect, test } from "vitest";
import { type Life, quickDeathsAfter, RESTART_RULE, restartDelayMs } from "../../../gateway/upstream/restart-rule.ts";

const young: Life = { lastedMs: 200, wasReady: true };
const neverReady: Life = { lastedMs: 60_000, wasReady: false };
const grown: Life = { lastedMs: 10_000, wasReady: true };

for (const { name, lives, want } of [
  { name: "a grown worker is restarted at once, however often", lives: [grown, grown, grown], want: [0, 0, 0] },
  { name: "the first restart of a worker that died young is immediate too", lives: [young], want: [0] },
  { name: "deaths in a row back off", lives: [young, young, young, young], want: [0, 500, 1_000, 2_000] },
  { name: "a worker that was never ready counts as died young", lives: [young, neverReady], want: [0, 500] },
  { name: "ten seconds of life make it good", lives: [young, young, grown, young], want: [0, 500, 0, 0] },
]) {
  test(name, () => {
    let deaths = 0;
    const delays = lives.map((life) => {
      deaths = quickDeathsAfter(RESTART_RULE, life, deaths);
      return restartDelayMs(RESTART_RULE, deaths);
    });
    expect(delays).toEqual(want);
  });
}

test("the wait has a cap", () => expect(restartDelayMs(RESTART_RULE, 1_000)).toBe(30_000));
