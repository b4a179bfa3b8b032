import { expect, test } from "vitest";
import type { BalanceConfig } from "../../../../config/index.ts";
import { modelName, version } from "../../../../core/index.ts";
import type { RoutedCall, Servable } from "../../../../gateway/call.ts";
import { createBalancer } from "../../../../gateway/upstream/balance/index.ts";
import { aCall } from "../calls.ts";

const ENDPOINTS = Array.from({ length: 8 }, (_, i) => ({
  name: `10.0.0.${i}:8500`,
  priority: 0,
  inFlight: 0,
  pickable: true,
}));

const target: Servable = {
  name: modelName("m"),
  version: version(1),
  signatures: new Map(),
  signatureDefMap: Buffer.alloc(0),
  merging: new Map(),
};

interface Draft {
  readonly user?: string;
  readonly key?: string;
  readonly input?: string;
}

function routed({ user, key, input }: Draft): RoutedCall {
  const call = aCall(user === undefined ? {} : { headers: { "x-user": user } });
  const body = { ...call.body, ...(input === undefined ? {} : { inputBytes: () => Buffer.from(input) }) };
  return { call: { ...call, body }, target, arm: "", key };
}

/** Of 30 users, how many endpoints each of them meets. */
function met(balance: BalanceConfig, draft: (user: string, call: number) => Draft): { each: number; all: number } {
  const pick = createBalancer<(typeof ENDPOINTS)[number]>(balance);
  const all = new Set<unknown>();
  let each = 0;
  for (let user = 0; user < 30; user++) {
    const own = new Set(
      Array.from({ length: 10 }, (_, call) => pick(ENDPOINTS, undefined, routed(draft(`user ${user}`, call)))),
    );
    each = Math.max(each, own.size);
    for (const endpoint of own) all.add(endpoint);
  }
  return { each, all: all.size };
}

const byHeader: BalanceConfig = { by: "ringHash", key: { by: "header", name: "x-user" } };
const byDefault: BalanceConfig = { by: "ringHash", key: undefined };

for (const { name, balance, draft } of [
  { name: "its header", balance: byHeader, draft: (user: string, call: number) => ({ user, key: `${call}` }) },
  { name: "what keeps its arm", balance: byDefault, draft: (key: string, call: number) => ({ key, input: `${call}` }) },
  { name: "what keeps its arm, without the header", balance: byHeader, draft: (key: string) => ({ key }) },
  { name: "its body", balance: byDefault, draft: (input: string) => ({ input }) },
]) {
  test(`a call keeps its endpoint by ${name}`, () => {
    const { each, all } = met(balance, draft);
    expect(each).toBe(1);
    expect(all).toBeGreaterThan(4);
  });
}

test("without anything to go by, calls are spread", () => {
  expect(met(byDefault, () => ({})).each).toBeGreaterThan(1);
});

test("other policies do not ask for a key", () => {
  const pick = createBalancer<(typeof ENDPOINTS)[number]>({ by: "leastRequest" });
  const call = {
    ...routed({}),
    get key(): string {
      throw new Error("asked");
    },
  };
  expect(ENDPOINTS).toContain(pick(ENDPOINTS, undefined, call));
});
