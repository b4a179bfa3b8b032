import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { printed } from "../frame/index.ts";
import { program } from "../peers/programs.ts";
import type { Load } from "./load.ts";

export interface HttpLoad {
  readonly url: string;
  /** A file that holds the body of every request, or several that take turns; none: GET. */
  readonly bodyFiles: readonly string[];
  readonly contentType: string;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | undefined;
  /** A folder for what wrk reads. */
  readonly scratch: string;
}

/** Posts a body, or asks by GET, over HTTP/1.1 with wrk, one thread. A status from 400 on counts as failed, as does what wrk calls an error. */
export async function wrk({
  url,
  bodyFiles,
  contentType,
  connections,
  seconds,
  core,
  scratch,
}: HttpLoad): Promise<Load> {
  const script = join(scratch, "post.lua");
  writeFileSync(script, luaScript(bodyFiles, contentType));
  const options = ["-t1", `-c${connections}`, `-d${wholeSeconds(seconds)}s`, "--timeout=60s", "-s", script, url];
  return parseWrk(await printed(program("wrk"), options, { core }));
}

/** wrk takes no others. */
function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.round(seconds));
}

const MARK = "counted by wrk: ";

function luaScript(bodyFiles: readonly string[], contentType: string): string {
  const files = bodyFiles.map((file) => JSON.stringify(file)).join(", ");
  return `
wrk.method = "${bodyFiles.length === 0 ? "GET" : "POST"}"
wrk.headers["content-type"] = ${JSON.stringify(contentType)}
local bodies = {}
for i, name in ipairs({ ${files} }) do
  local file = io.open(name, "rb")
  bodies[i] = file:read("*a")
  file:close()
end
wrk.body = bodies[1]

local requests, last = {}, 0
if #bodies > 1 then
  function init()
    for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
  end
  function request()
    last = last % #requests + 1
    return requests[last]
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('${MARK}{"requests":%d,"micros":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end
`;
}

/** Of what the script above makes wrk print. */
export function parseWrk(said: string): Load {
  const line = said.split("\n").find((each) => each.startsWith(MARK));
  if (line === undefined) throw new Error(`wrk counted nothing:\n${said}`);
  const { requests, micros, p50, p99, ...errors } = JSON.parse(line.slice(MARK.length)) as Record<string, number>;
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return {
    // What has a bad status was answered too, so that wrk counts it among the requests.
    answered: (requests ?? 0) - (errors["status"] ?? 0),
    failed,
    failures: Object.entries(errors)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind} errors`)
      .join(", "),
    seconds: (micros ?? 0) / 1e6,
    p50Ms: (p50 ?? 0) / 1000,
    p99Ms: (p99 ?? 0) / 1000,
  };
}
