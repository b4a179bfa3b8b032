import { describe, expect, test } from "vitest";
import { deadlineIn, InferenceError, version } from "../../../core/index.ts";
import type { Answer } from "../../../gateway/call.ts";
import { CallFailure, type FailureKind } from "../../../gateway/upstream/call-failure.ts";
import { createChanges } from "../../../gateway/upstream/changes.ts";
import { createRetry } from "../../../gateway/upstream/retry.ts";
import { aCall } from "./calls.ts";

const answer: Answer = {
  target: {
    name: aCall().spec.name,
    version: version(1),
    signatures: new Map(),
    signatureDefMap: new Uint8Array(),
    merging: new Map(),
  },
  arm: "",
  content: { is: "message", message: new Uint8Array() },
};

function failed(kind: FailureKind): InferenceError {
  return new InferenceError("UNAVAILABLE", kind, { retryable: true, cause: new CallFailure(kind, kind) });
}
const nobodyThere = new InferenceError("UNAVAILABLE", "nobody there", { retryable: true });

interface Setting {
  readonly attempts?: number;
  readonly budget?: boolean;
  readonly mayRunTwice?: boolean;
  readonly mayRecover?: boolean;
}

function setUp({ attempts = 2, budget = true, mayRunTwice = true, mayRecover = true }: Setting = {}) {
  const changes = createChanges();
  const counts = { deposits: 0, takes: 0 };
  const retry = createRetry({
    config: () => ({ attempts, budgetPercent: 20 }),
    budget: {
      deposit: () => counts.deposits++,
      take: () => {
        counts.takes++;
        return budget;
      },
    },
    mayRunTwice: () => mayRunTwice,
    changes,
    mayRecover: () => mayRecover,
  });
  return { retry, changes, counts };
}

/** Fails in the given ways, then answers. */
function attempts(...errors: readonly Error[]) {
  let count = 0;
  const attempt = async (): Promise<Answer> => {
    const error = errors[count++];
    if (error !== undefined) throw error;
    return answer;
  };
  return { attempt, count: () => count };
}

const badInput = new InferenceError("INVALID_ARGUMENT", "bad input");

describe("sends again", () => {
  for (const { name, errors, setting = {}, tries, takes = 0, want } of [
    { name: "never what was answered", errors: [], tries: 1, want: "answered" },
    { name: "never what the graph refuses", errors: [badInput], tries: 1, want: "bad input" },
    {
      name: "after a dropped connection, outside of the budget",
      errors: [failed("dropped")],
      tries: 2,
      want: "answered",
    },
    { name: "after a refused connection", errors: [failed("refused")], tries: 2, want: "answered" },
    { name: "after the version was unloaded", errors: [failed("unloaded")], tries: 2, want: "answered" },
    {
      name: "as often as workers have just unloaded the version, which counts as no try",
      errors: [failed("unloaded"), failed("unloaded"), failed("unloaded"), failed("dropped")],
      setting: { attempts: 1 },
      tries: 5,
      want: "answered",
    },
    { name: "on UNAVAILABLE, on the budget", errors: [failed("unavailable")], tries: 2, takes: 1, want: "answered" },
    {
      name: "nothing beyond the budget",
      errors: [failed("unavailable")],
      setting: { budget: false },
      tries: 1,
      takes: 1,
      want: "unavailable",
    },
    {
      name: "at most as often as configured",
      errors: [failed("dropped"), failed("dropped"), failed("dropped")],
      tries: 3,
      want: "dropped",
    },
    { name: "never with 0 attempts", errors: [failed("refused")], setting: { attempts: 0 }, tries: 1, want: "refused" },
    {
      name: "not what may have run, where the model forbids it",
      errors: [failed("dropped")],
      setting: { mayRunTwice: false },
      tries: 1,
      want: "dropped",
    },
    {
      name: "what has not run, even where the model forbids to run twice",
      errors: [failed("refused"), failed("unloaded")],
      setting: { mayRunTwice: false },
      tries: 3,
      want: "answered",
    },
  ] as const) {
    test(name, async () => {
      const { retry, counts } = setUp(setting);
      const { attempt, count } = attempts(...errors);
      const outcome = await retry(aCall(), attempt).then(
        () => "answered",
        (error: Error) => error.message,
      );
      expect({ outcome, tries: count(), ...counts }).toEqual({ outcome: want, tries, takes, deposits: 1 });
    });
  }

  test("not past the deadline", async () => {
    const { attempt, count } = attempts(failed("dropped"));
    await expect(setUp().retry(aCall({ deadline: deadlineIn(-1) }), attempt)).rejects.toThrow("dropped");
    expect(count()).toBe(1);
  });

  test("not once the client has given up", async () => {
    const { attempt, count } = attempts(failed("dropped"));
    await expect(setUp().retry(aCall({ signal: AbortSignal.abort() }), attempt)).rejects.toThrow("dropped");
    expect(count()).toBe(1);
  });
});

describe("without an endpoint", () => {
  test("waits for a change, which is no attempt", async () => {
    const { retry, changes } = setUp({ attempts: 0 });
    const { attempt, count } = attempts(nobodyThere, nobodyThere);
    const answered = retry(aCall(), attempt);
    for (const tries of [1, 2]) {
      await expect.poll(count).toBe(tries);
      changes.notify();
    }
    expect(await answered).toBe(answer);
    expect(count()).toBe(3);
  });

  test("misses no change that comes while the attempt fails", async () => {
    const { retry, changes } = setUp();
    let count = 0;
    const answered = retry(aCall(), async () => {
      if (count++ > 0) return answer;
      changes.notify();
      throw nobodyThere;
    });
    expect(await answered).toBe(answer);
  });

  test("waits no longer than the deadline", async () => {
    const startedMs = performance.now();
    await expect(setUp().retry(aCall({ deadline: deadlineIn(50) }), attempts(nobodyThere).attempt)).rejects.toBe(
      nobodyThere,
    );
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("does not wait for what cannot come back", async () => {
    const { attempt, count } = attempts(nobodyThere);
    await expect(setUp({ mayRecover: false }).retry(aCall(), attempt)).rejects.toBe(nobodyThere);
    expect(count()).toBe(1);
  });

  test("stops waiting when the client gives up", async () => {
    const client = new AbortController();
    const { attempt, count } = attempts(nobodyThere);
    const answered = setUp().retry(aCall({ signal: client.signal }), attempt);
    await expect.poll(count).toBe(1);
    client.abort();
    await expect(answered).rejects.toBe(nobodyThere);
  });
});
