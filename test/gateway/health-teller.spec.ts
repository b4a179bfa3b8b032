import { afterEach, expect, test, vi } from "vitest";
import { type HealthTeller, healthTeller } from "../../gateway/health-teller.ts";
import { memoryLog } from "./setup/log.ts";

vi.useFakeTimers();
afterEach(() => void vi.clearAllTimers());

function telling(missing: string[]): { health: HealthTeller; told: () => unknown[]; serving: boolean[] } {
  const { log, lines } = memoryLog();
  const serving: boolean[] = [];
  const health = healthTeller({ missing: () => missing, setServing: (is) => serving.push(is), log });
  return {
    health,
    serving,
    told: () => lines.map(({ msg, missing: what }) => (what === undefined ? msg : [msg, what])),
  };
}

test("the log says when a gateway becomes ready, and when it no longer is", () => {
  const missing = ["model m"];
  const { health, told, serving } = telling(missing);
  health.tell();
  expect(told()).toEqual([]);
  missing.length = 0;
  health.tell();
  health.tell();
  missing.push("model n");
  health.tell();
  expect(told()).toEqual(["ready", ["not ready", ["model n"]]]);
  expect(serving).toEqual([false, true, true, false]);
});

test("what a gateway still waits for after a while is told, once", () => {
  const { health, told } = telling(["model m: no endpoint"]);
  health.tell();
  vi.advanceTimersByTime(19_000);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect(told()).toEqual([["not ready yet", ["model m: no endpoint"]]]);
});

test("a gateway that is ready by then, or has ended, says nothing of it", () => {
  for (const end of [(it: HealthTeller) => it.tell(), (it: HealthTeller) => it.close()]) {
    const { health, told } = telling([]);
    end(health);
    vi.advanceTimersByTime(60_000);
    expect(told().flat()).not.toContain("not ready yet");
  }
});
