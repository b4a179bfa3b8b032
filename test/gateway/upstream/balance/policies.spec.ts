import { describe, expect, test } from "vitest";
import { POLICIES } from "../../../../gateway/upstream/balance/balancer.ts";
import { byPriority } from "../../../../gateway/upstream/balance/by-priority.ts";
import { type Candidate, NONE, type Picker } from "../../../../gateway/upstream/balance/policy.ts";

interface Fake extends Candidate {
  inFlight: number;
  pickable: boolean;
}

function endpoints(count: number, more: Partial<Fake> = {}): Fake[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `10.0.0.${i}:8500`,
    priority: 0,
    inFlight: 0,
    pickable: true,
    ...more,
  }));
}

/** Of so many picks with keys of their own, how many each endpoint got. */
function counts(pick: Picker<Fake>, picks: number): ReadonlyMap<string, number> {
  const got = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const name = pick(NONE, `key ${i}`)?.name ?? "none";
    got.set(name, (got.get(name) ?? 0) + 1);
  }
  return got;
}

describe.each(Object.entries(POLICIES))("%s", (_, policy) => {
  const over = (all: readonly Fake[]): Picker<Fake> => byPriority(all, policy, Math.random);

  test("picks nothing of nothing, and nothing when none can be picked", () => {
    expect(over([])(NONE, "key")).toBeUndefined();
    expect(over(endpoints(3, { pickable: false }))(NONE, "key")).toBeUndefined();
  });

  test("picks the only one that can be picked, however busy", () => {
    const all = endpoints(5, { pickable: false });
    Object.assign(all[3] as Fake, { pickable: true, inFlight: 99 });
    const pick = over(all);
    for (let i = 0; i < 50; i++) expect(pick(NONE, `key ${i}`)).toBe(all[3]);
  });

  test("asks at each pick who can be picked", () => {
    const all = endpoints(2);
    const pick = over(all);
    for (const [down, up] of [[0, 1] as const, [1, 0] as const]) {
      (all[down] as Fake).pickable = false;
      (all[up] as Fake).pickable = true;
      for (let i = 0; i < 20; i++) expect(pick(NONE, `key ${i}`)).toBe(all[up]);
    }
  });

  test("avoids where the call has failed, unless nothing else is left", () => {
    const all = endpoints(3);
    const [one, two, three] = all as [Fake, Fake, Fake];
    const pick = over(all);
    for (let i = 0; i < 50; i++) expect(pick(new Set([one, three]), `key ${i}`)).toBe(two);
    two.pickable = false;
    for (let i = 0; i < 50; i++) expect([one, three]).toContain(pick(new Set([one, three]), `key ${i}`));
  });

  test("spreads calls over idle endpoints", () => {
    const got = counts(over(endpoints(4)), 8_000);
    expect(got.size).toBe(4);
    for (const count of got.values()) expect(Math.abs(count / 8_000 - 1 / 4)).toBeLessThan(0.1);
  });

  test("uses the next priority only while none of the lower can be picked, and comes back", () => {
    const near = endpoints(2);
    const far = endpoints(2, { priority: 7 }).map((each) => ({ ...each, name: `far ${each.name}` }));
    const all = [...far, ...near];
    const pick = over(all);
    const all20 = (): Set<Fake | undefined> => new Set(Array.from({ length: 40 }, (_, i) => pick(NONE, `key ${i}`)));
    expect(all20()).toEqual(new Set(near));
    (near[0] as Fake).pickable = false;
    expect(all20()).toEqual(new Set([near[1]]));
    (near[1] as Fake).pickable = false;
    expect(all20()).toEqual(new Set(far));
    (near[1] as Fake).pickable = true;
    expect(all20()).toEqual(new Set([near[1]]));
  });

  test("prefers another priority to where the call has failed", () => {
    const [near] = endpoints(1) as [Fake];
    const far = { ...near, name: "far", priority: 1 };
    const pick = over([near, far]);
    expect(pick(new Set([near]), "key")).toBe(far);
    expect(pick(new Set([near, far]), "key")).toBe(near);
  });
});

describe("leastRequest", () => {
  test("gives a busy endpoint calls only when both choices are as busy", () => {
    const all = endpoints(10);
    (all[0] as Fake).inFlight = 5;
    const pick = byPriority(all, POLICIES.leastRequest, Math.random);
    expect(counts(pick, 2_000).get((all[0] as Fake).name)).toBeUndefined();
  });

  test("keeps loads nearly even", () => {
    const all = endpoints(10);
    const pick = byPriority(all, POLICIES.leastRequest, Math.random);
    for (let i = 0; i < 5_000; i++) (pick(NONE, undefined) as Fake).inFlight++;
    const loads = all.map(({ inFlight }) => inFlight);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(10);
  });
});

test("leastLoaded picks the least busy one that can be picked", () => {
  const all = endpoints(4);
  for (const [i, inFlight] of [3, 1, 2, 0].entries()) (all[i] as Fake).inFlight = inFlight;
  // One that is dead has nothing in flight.
  (all[3] as Fake).pickable = false;
  const pick = byPriority(all, POLICIES.leastLoaded, Math.random);
  expect(counts(pick, 100)).toEqual(new Map([[(all[1] as Fake).name, 100]]));
});

test("roundRobin gives each its turn, and a turn that cannot be taken to the next", () => {
  const all = endpoints(3);
  const pick = byPriority(all, POLICIES.roundRobin, () => 0.4);
  const names = (): (string | undefined)[] => Array.from({ length: 6 }, () => pick(NONE, undefined)?.name.at(-6));
  expect(names()).toEqual(["1", "2", "0", "1", "2", "0"]);
  (all[2] as Fake).pickable = false;
  expect(names()).toEqual(["1", "0", "1", "0", "1", "0"]);
});

function moved(before: readonly unknown[], after: readonly unknown[]): number {
  return before.filter((owner, i) => owner !== after[i]).length / before.length;
}

describe("ringHash", () => {
  const KEYS = Array.from({ length: 5_000 }, (_, i) => `user-${i}`);
  const owners = (all: readonly Fake[], avoided: ReadonlySet<Fake> = NONE): (string | undefined)[] => {
    const pick = byPriority(all, POLICIES.ringHash, Math.random);
    return KEYS.map((key) => pick(avoided, key)?.name);
  };

  test("gives equal keys to one endpoint, in every gateway and whatever the order of the list", () => {
    expect(owners(endpoints(7).toReversed())).toEqual(owners(endpoints(7)));
  });

  test("of ten endpoints, one more takes about an eleventh of the keys, and nothing else moves", () => {
    const eleven = endpoints(11);
    const [before, after] = [owners(eleven.slice(0, 10)), owners(eleven)];
    expect(Math.abs(moved(before, after) - 1 / 11)).toBeLessThan(0.04);
    const added = (eleven[10] as Fake).name;
    expect(after.filter((owner, i) => owner !== before[i] && owner !== added)).toEqual([]);
  });

  test("moves only the keys of an endpoint that cannot be picked, to several others, and back", () => {
    const all = endpoints(5);
    const before = owners(all);
    const [down] = all as [Fake];
    down.pickable = false;
    const without = owners(all);
    expect(without.filter((owner, i) => owner !== before[i] && before[i] !== down.name)).toEqual([]);
    expect(new Set(without.filter((_, i) => before[i] === down.name)).size).toBe(4);
    down.pickable = true;
    expect(owners(all)).toEqual(before);
  });

  test("spreads calls without a key", () => {
    const pick = byPriority(endpoints(3), POLICIES.ringHash, Math.random);
    expect(new Set(Array.from({ length: 100 }, () => pick(NONE, undefined)?.name)).size).toBe(3);
  });
});
