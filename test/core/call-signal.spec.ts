import { expect, test } from "vitest";
import { CallController, type CallSignal } from "../../core/index.ts";

/** Both are told of a call's end in the same way. */
const KINDS = [
  { name: "a CallController", create: () => new CallController() },
  { name: "Node's AbortController", create: () => new AbortController() },
];

for (const { name, create } of KINDS) {
  function heard(): {
    readonly controller: ReturnType<typeof create>;
    readonly signal: CallSignal;
    readonly told: string[];
  } {
    const controller = create();
    return { controller, signal: controller.signal, told: [] };
  }

  test(`${name} tells each listener once, in order`, () => {
    const { controller, signal, told } = heard();
    signal.addEventListener("abort", () => told.push("first"), { once: true });
    signal.addEventListener("abort", () => told.push(`second ${signal.aborted}`), { once: true });
    expect(signal.aborted).toBe(false);
    controller.abort();
    controller.abort();
    expect(told).toEqual(["first", "second true"]);
  });

  test(`${name} forgets a listener that was removed, be it by one that is told before it`, () => {
    const { controller, signal, told } = heard();
    const removed = (): void => void told.push("removed");
    const last = (): void => void told.push("last");
    signal.addEventListener("abort", removed);
    signal.removeEventListener("abort", removed);
    signal.addEventListener("abort", () => signal.removeEventListener("abort", last), { once: true });
    signal.addEventListener("abort", last);
    controller.abort();
    expect(told).toEqual([]);
  });

  test(`${name} does not tell who comes after the end`, () => {
    const { controller, signal, told } = heard();
    controller.abort();
    signal.addEventListener("abort", () => told.push("late"));
    controller.abort();
    expect(told).toEqual([]);
  });
}
