import { expect, test } from "vitest";
import { ArmReports } from "../../../gateway/processes/arm-reports.ts";
import type { ArmReport } from "../../../gateway/ramps/index.ts";
import { reportOf } from "../ramps/setup.ts";

/** A process that has counted so many requests of one arm. */
function member(requests: number, unavailable: readonly string[] = []): { report(): Promise<ArmReport | undefined> } {
  return { report: async () => reportOf({ new: { requests, errors: 1 } }, unavailable) };
}

test("nothing is known before a process has answered", async () => {
  expect(await new ArmReports().of([])).toBeUndefined();
  expect(await new ArmReports().of([{ report: async () => undefined }])).toBeUndefined();
});

test("counts of all processes are added, those of a process that has died too", async () => {
  const reports = new ArmReports();
  const [one, other] = [member(10), member(5, ["canary"])];
  expect(await reports.of([one, other])).toMatchObject({
    figures: [{ route: "canary", arm: "new", requests: 15, errors: 2 }],
    unavailable: ["canary"],
  });
  reports.ended(other);
  expect(await reports.of([one, member(2)])).toMatchObject({ figures: [{ requests: 17, errors: 3 }], unavailable: [] });
});

test("a process that does not answer is answered for by what it said last", { timeout: 10_000 }, async () => {
  const reports = new ArmReports();
  const silent = { report: (): Promise<ArmReport | undefined> => Promise.resolve(reportOf({ new: { requests: 3 } })) };
  await reports.of([silent]);
  silent.report = () => new Promise(() => {});
  expect(await reports.of([silent, member(1)])).toMatchObject({ figures: [{ requests: 4 }] });
});
