import { expect, test } from "vitest";
import { parseH2load } from "../../../bench/load/h2load.ts";
import { parseWrk } from "../../../bench/load/wrk.ts";

const COUNTED =
  'Running 4s test\ncounted by wrk: {"requests":1000,"micros":4000000,"p50":1500,"p99":9000,"connect":0,"read":2,"write":0,"status":3,"timeout":0}\n';

test("reads what wrk counted, and takes bad statuses for failures", () => {
  expect(parseWrk(COUNTED)).toEqual({
    answered: 997,
    failed: 5,
    failures: "2 read errors, 3 status errors",
    seconds: 4,
    p50Ms: 1.5,
    p99Ms: 9,
  });
  expect(() => parseWrk("unable to connect")).toThrow("unable to connect");
});

function said(dataBytes: number, problems = "0 failed, 0 errored, 0 timeout"): string {
  return `requests: 4 total, 4 started, 4 done, 4 succeeded, ${problems}
traffic: 14KB (147576) total, 13.61KB (13938) headers (space savings 94.33%), 1KB (${dataBytes}) data`;
}
const LOG = "1795264176063034\t200\t1000\n1795264176063034\t200\t3000\n1795264176063034\t200\t2000\n";
const expected = { answerBytes: 100, connections: 1, seconds: 2 };

for (const { name, printed, log, want } of [
  { name: "answers with their messages", printed: said(300), log: LOG, want: { failed: 0, failures: "" } },
  { name: "a call given up at the end", printed: said(300), log: `${LOG}1\t0\t5\n`, want: { failed: 0 } },
  {
    name: "calls that ended without a message",
    printed: said(100),
    log: LOG,
    want: { failed: 2, failures: "2 answers without a message" },
  },
  {
    name: "other statuses",
    printed: said(300),
    log: `${LOG}1\t503\t5\n1\t503\t5\n`,
    want: { failed: 1, failures: "1 statuses other than 200" },
  },
  {
    name: "errors",
    printed: said(300, "1 failed, 2 errored, 0 timeout"),
    log: LOG,
    want: { failed: 3, failures: "1 failed, 2 errored" },
  },
]) {
  test(`counts ${name} of h2load`, () => {
    expect(parseH2load(printed, log, expected)).toMatchObject({ answered: 3, seconds: 2, p50Ms: 2, ...want });
  });
}

test("takes h2load's percentiles from its log", () => {
  expect(parseH2load(said(300), LOG, expected).p99Ms).toBeCloseTo(2.98);
});
