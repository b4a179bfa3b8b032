import { expect, test } from "vitest";
import { readableLine } from "../../core/readable-line.ts";

const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
const base = { time, pid: 1, hostname: "h", name: "gateway" };

for (const { name, line, want } of [
  { name: "information has no level", line: { level: 30, ...base, msg: "ready" }, want: "03:04:05 gateway ready" },
  {
    name: "facts follow, words bare and the rest as JSON",
    line: { level: 30, ...base, rest: 8501, model: "m", request: "GET /", list: ["a"], msg: "listening" },
    want: '03:04:05 gateway listening  rest=8501 model=m request="GET /" list=["a"]',
  },
  {
    name: "facts stand behind the first line of a message of several",
    line: { level: 50, ...base, by: "file", msg: "refused:\na: wrong" },
    want: "03:04:05 ERROR gateway refused:  by=file\na: wrong",
  },
  { name: "an error says so", line: { level: 50, ...base, msg: "died" }, want: "03:04:05 ERROR gateway died" },
]) {
  test(`on a terminal, ${name}`, () => expect(readableLine(JSON.stringify(line))).toBe(want));
}

test("control characters of a client don't reach the terminal", () => {
  const line = JSON.stringify({ level: 30, ...base, model: "\x1b[2J", msg: "access" });
  expect(readableLine(line)).toBe('03:04:05 gateway access  model="\\u001b[2J"');
});

test("a line that is no JSON stands as it is", () => expect(readableLine('{"level":')).toBe('{"level":'));
