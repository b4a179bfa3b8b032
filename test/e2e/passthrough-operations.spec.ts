import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { exchange } from "../setup/http.ts";
import { testWith } from "../setup/programs.ts";
import { withFreePorts } from "../setup/tensorgate.ts";
import { named, passing, startPassing, startUpstream } from "../setup/upstream.ts";

/** Four standard deviations of a binomial share. */
function bound(share: number, count: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / count);
}

/** So many requests by 8 clients at once; each gets the number of its request. */
async function manyTimes<T>(count: number, ask: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) results[i] = await ask(i);
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return results;
}

test("a split meets its weights, and users stick to their arms, in every gateway process alike", async () => {
  await using old = await startUpstream(named("old"));
  await using canary = await startUpstream(named("canary"));
  const split = [
    { name: "old", upstream: old.origin, weight: "80%" },
    { name: "canary", upstream: canary.origin, weight: "20%" },
  ];
  const sticky = { header: "x-user-id" };
  await using gateway = await startPassing([{ name: "ab", prefix: "/ab", split, sticky }], {
    gateway: { processes: 2 },
  });
  const ask = async (headers: Record<string, string> = {}): Promise<string> => {
    const { status, text, headers: answered } = await exchange(gateway.rest, { path: "/ab", headers });
    expect(status, text).toBe(200);
    expect(answered["x-tensorgate-arm"]).toBe(text);
    return text;
  };
  const COUNT = 1_000;
  const arms = await manyTimes(COUNT, () => ask());
  const share = arms.filter((arm) => arm === "canary").length / COUNT;
  expect(Math.abs(share - 0.2)).toBeLessThan(bound(0.2, COUNT));

  const ofUsers = (): Promise<string[]> => manyTimes(100, (user) => ask({ "x-user-id": `user-${user}` }));
  const first = await ofUsers();
  expect(await ofUsers()).toEqual(first);
  expect(new Set(first)).toEqual(new Set(["old", "canary"]));

  const { text } = await gateway.get("/metrics");
  const counted = [...text.matchAll(/^tensorgate_http_requests_total\{name="ab",arm="\w+",code="200"\} (\d+)$/gm)];
  expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(COUNT + 200);
});

test("SIGTERM lets what passes through finish, and takes nothing new", async () => {
  const held: ServerResponse[] = [];
  await using upstream = await startUpstream((_request, response) => held.push(response));
  await using gateway = await startPassing([{ prefix: "/slow", upstream: upstream.origin }]);
  const asked = exchange(gateway.rest, { path: "/slow", body: "x" });
  await expect.poll(() => held.length).toBe(1);
  const ended = gateway.stop();
  await gateway.logged(({ msg }) => msg === "shutting down");
  setTimeout(() => held[0]?.end("finished"), 300);
  const reply = await asked;
  expect(reply).toMatchObject({ status: 200, text: "finished", headers: { connection: "close" } });
  expect(await ended).toBe(0);
});

function listOf(upstreams: readonly string[], timeout: string): string {
  return JSON.stringify(withFreePorts(passing([{ prefix: "/a", upstreams, timeout }])));
}

test("reloads under load lose no request", { timeout: 120_000 }, async () => {
  await using one = await startUpstream(named("one"));
  await using other = await startUpstream(named("other"));
  await using gateway = await startPassing([{ prefix: "/a", upstreams: [one.origin] }]);

  const lost: string[] = [];
  const seen = new Set<string>();
  const loaded = new AbortController();
  const client = async (): Promise<void> => {
    while (!loaded.signal.aborted) {
      const reply = await exchange(gateway.rest, { path: "/a", body: "x".repeat(100) }).catch(String);
      if (typeof reply === "string") lost.push(reply);
      else if (reply.status !== 200) lost.push(`${reply.status} ${reply.text}`);
      else seen.add(reply.text);
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, client));
  const lists = [[other.origin], [one.origin, other.origin], [one.origin]];
  for (let i = 0; i < 9; i++) {
    const applied = (): number => gateway.log.filter(({ msg }) => msg === "config applied").length;
    const before = applied();
    writeFileSync(`${gateway.configFile}.new`, listOf(lists[i % 3] ?? [], `${20 + i}s`));
    renameSync(`${gateway.configFile}.new`, gateway.configFile);
    await expect.poll(applied, { timeout: 20_000 }).toBe(before + 1);
  }
  loaded.abort();
  await clients;
  expect(lost).toEqual([]);
  expect(seen).toEqual(new Set(["one", "other"]));
});

const PYTHON_SERVER = `
import http.server, json
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"path": self.path, "predictions": [x * 2 for x in body["x"]]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`;

testWith("python3")("a service in Python, of HTTP/1.0, is reached as well", async () => {
  const python = spawn("python3", ["-c", PYTHON_SERVER], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [port] = (await once(createInterface({ input: python.stdout }), "line")) as [string];
    await using gateway = await startPassing([{ prefix: "/sklearn", upstream: `http://127.0.0.1:${port}` }]);
    for (let i = 0; i < 3; i++) {
      const reply = await gateway.post("/sklearn/predict", { x: [1, i] });
      expect(reply.json).toEqual({ path: "/predict", predictions: [2, 2 * i] });
    }
  } finally {
    python.kill();
  }
});
