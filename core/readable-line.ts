/** What each line has, and what a person at a terminal can do without. */
const LEFT_OUT = new Set(["level", "time", "pid", "hostname", "name", "msg"]);
const LEVELS: ReadonlyMap<unknown, string> = new Map([
  [40, "WARN "],
  [50, "ERROR "],
  [60, "FATAL "],
]);

/** A JSON line of the log as `10:15:33 gateway listening  rest=8501 grpc=8500`, facts behind a message's first line; any other text as it is. */
export function readableLine(json: string): string {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const time = new Date(Number(line["time"])).toTimeString().slice(0, 8);
  const facts = Object.entries(line).filter(([key]) => !LEFT_OUT.has(key));
  const told = facts.map(([key, value]) => `${key}=${plain(value)}`).join(" ");
  const [first = "", ...rest] = String(line["msg"]).split("\n");
  const head = `${time} ${LEVELS.get(line["level"]) ?? ""}${String(line["name"])} ${first}`;
  return [told === "" ? head : `${head}  ${told}`, ...rest].join("\n");
}

/** Words stand bare; what has spaces, quotes or control characters in it (clients may have sent them) stands as JSON. */
function plain(value: unknown): string {
  return typeof value === "string" && /^[^\s\p{Cc}"=]+$/u.test(value) ? value : JSON.stringify(value);
}
