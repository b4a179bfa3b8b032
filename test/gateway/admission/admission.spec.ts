import { expect, test } from "vitest";
import { createAdmission } from "../../../gateway/admission/index.ts";
import { aCall } from "../upstream/calls.ts";

test("counts a call until its admission is disposed, once", () => {
  const admission = createAdmission();
  const [one, two] = [admission.admit(aCall()), admission.admit(aCall())];
  expect(admission.inFlight).toBe(2);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  expect(admission.inFlight).toBe(1);
  two[Symbol.dispose]();
  expect(admission.inFlight).toBe(0);
});

test("lets nobody in while draining, and lets those inside finish", async () => {
  const admission = createAdmission();
  const inside = admission.admit(aCall());
  admission.drain();
  expect(() => admission.admit(aCall())).toThrow(expect.objectContaining({ code: "UNAVAILABLE", retryAfterMs: 1000 }));
  let idle = false;
  const becomeIdle = async (): Promise<void> => {
    await admission.idle();
    idle = true;
  };
  const ended = becomeIdle();
  await Promise.resolve();
  expect(idle).toBe(false);
  inside[Symbol.dispose]();
  await ended;
  expect(idle).toBe(true);
});

test("is idle at once with nobody inside", () => createAdmission().idle());
