import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { chosenArm } from "../../../gateway/routing/decision.ts";
import { decide } from "../../../gateway/routing/index.ts";
import { compileRoutes, type RouteTable } from "../../../gateway/routing/route-table.ts";
import { aCall } from "../upstream/calls.ts";
import { configured } from "../upstream/reports.ts";

const REQUESTS = 10_000;

/** Of a binomial share: chance exceeds it once in some 150,000 runs. */
const DEVIATIONS = 4.5;

function tableOf(...routes: readonly object[]): RouteTable {
  const models = [configured("m", { stable: 1, canary: 2, other: 3 })];
  return compileRoutes({ models, routes: parseConfigText(JSON.stringify({ routes }), "r.yaml", { models }).routes });
}

const split = (canary: number, more: object = {}): object => ({
  match: { model: "m" },
  split: [
    { label: "stable", weight: 100 - canary },
    { label: "canary", weight: canary },
  ],
  ...more,
});

interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: string;
  readonly text?: string;
}

function armOf(table: RouteTable, { client, ...draft }: Request): string {
  const decision = decide(table, { ...aCall(draft), client });
  const stage = decision?.route.stages[0];
  return (stage?.by === "chance" && decision && chosenArm(stage.arms, decision)?.name) || "";
}

function armsOf(table: RouteTable, requestOf: (index: number) => Request): string[] {
  return Array.from({ length: REQUESTS }, (_, index) => armOf(table, requestOf(index)));
}

function shareOf(arm: string, arms: readonly string[]): number {
  return arms.filter((each) => each === arm).length / arms.length;
}

function expectShare(got: number, want: number, requests: number = REQUESTS): void {
  const bound = DEVIATIONS * Math.sqrt((want * (1 - want)) / requests);
  expect(got).toBeGreaterThan(want - bound);
  expect(got).toBeLessThan(want + bound);
}

describe.for([0.5, 1, 5, 50, 99])("%d%% by chance", (percent) => {
  test("are met over 10,000 requests", () => {
    expectShare(
      shareOf(
        "canary",
        armsOf(tableOf(split(percent)), () => ({})),
      ),
      percent / 100,
    );
  });
});

test("several arms all get their shares", () => {
  const arms = [50, 30, 15, 5].map((weight, i) => ({ name: `arm-${i}`, version: i + 1, weight: `${weight}%` }));
  const got = armsOf(tableOf({ match: { model: "m" }, split: arms }), () => ({}));
  for (const [i, weight] of [50, 30, 15, 5].entries()) expectShare(shareOf(`arm-${i}`, got), weight / 100);
});

describe.for<[name: string, sticky: object, requestOf: (index: number) => Request]>([
  ["a header", { header: "x-user" }, (i) => ({ headers: { "x-user": `user-${i}` } })],
  ["a cookie", { cookie: "session" }, (i) => ({ headers: { cookie: `theme=dark; session=s${i}` } })],
  ["the client", { client: true }, (i) => ({ client: `client-${i}` })],
])("sticky by %s", ([, sticky, requestOf]) => {
  const table = tableOf(split(20, { sticky }));
  const before = armsOf(table, requestOf);

  test("meets the weights", () => expectShare(shareOf("canary", before), 0.2));

  test("gives equal requests equal arms, in another gateway too", () => {
    expect(armsOf(tableOf(split(20, { sticky })), requestOf)).toEqual(before);
  });

  test("moves nobody but those who must move when an arm is raised", () => {
    const after = armsOf(tableOf(split(30, { sticky })), requestOf);
    const moved = after.filter((arm, i) => arm !== before[i]);
    expect(new Set(moved)).toEqual(new Set(["canary"]));
    expectShare(moved.length / REQUESTS, 0.1);
  });
});

test("a part of the requests takes a route, and the same part of the users where it is sticky", () => {
  const match = { model: "m", percent: "10%" };
  const sticky = { header: "x-user" };
  const chance = tableOf({ match, split: [{ version: 2, weight: 1 }] });
  expectShare(
    shareOf(
      "2",
      armsOf(chance, () => ({})),
    ),
    0.1,
  );
  const users = tableOf({ match, split: [{ version: 2, weight: 1 }], sticky });
  const arms = armsOf(users, (i) => ({ headers: { "x-user": `user-${i % 1000}` } }));
  expectShare(shareOf("2", arms.slice(0, 1000)), 0.1, 1000);
  for (let i = 0; i < REQUESTS; i++) expect(arms[i]).toBe(arms[i % 1000]);
});
