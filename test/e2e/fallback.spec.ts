import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient } from "../setup/grpc-client.ts";
import { type Asked, type Outcome, predictGrpc, predictRest } from "../setup/predict-both.ts";
import { MODELS, startTensorgate, startWorker, type Tensorgate } from "../setup/tensorgate.ts";

const HALF = join(MODELS, "half_plus_two");

/** Each route by a header of its own; in `to:` and `fallback:` version 7 is nowhere, and who has the pool does not answer. */
const ROUTES = {
  missing: { to: [{ version: 7 }], fallback: [{ version: 8 }, { label: "stable" }] },
  slow: { to: [{ pool: "hung" }], fallback: { to: [{ label: "canary" }], on: ["timeout"], after: "400ms" } },
  "slow and unforeseen": {
    to: [{ pool: "hung" }],
    fallback: { to: [{ label: "canary" }], on: ["unavailable"], after: "400ms" },
  },
  wrong: { to: [{ model: "linear" }], fallback: { to: [{ label: "stable" }], on: ["invalid_argument"] } },
  "wrong and unforeseen": { to: [{ model: "linear" }], fallback: [{ label: "stable" }] },
  nothing: { to: [{ version: 7 }], fallback: [{ version: 8 }], defaultOutputs: { y: 1.5 } },
  "nothing in time": {
    to: [{ version: 7 }],
    fallback: { to: [{ pool: "hung" }], after: "400ms" },
    defaultOutputs: { y: -1, note: "none" },
    responseHeaders: { "X-Team": "ranking" },
  },
  "wrong with defaults": { to: [{ model: "linear" }], defaultOutputs: { y: 1.5 } },
  /** A long body is not even decoded by then. */
  hurried: { to: [{ label: "canary" }], fallback: { to: [{ label: "stable" }], after: "1ms" } },
  split: {
    split: [
      { name: "né 1", version: 123, weight: 1 },
      { name: "never", version: 124, weight: 0 },
    ],
    responseHeaders: { "X-Team": "ranking" },
  },
} as const;

let hung: Awaited<ReturnType<typeof startWorker>>;
let gateway: Tensorgate;
let client: GrpcClient;

beforeAll(async () => {
  hung = await startWorker(["--model_name=half_plus_two", `--model_base_path=${HALF}`, "--port=any"]);
  gateway = await startTensorgate({
    pools: [{ name: "hung", kind: "tensorflow-serving", endpoints: [hung.address], pollInterval: "1h" }],
    models: [
      { name: "half_plus_two", path: HALF, versions: { latest: 2 }, labels: { stable: 123, canary: 124 } },
      { name: "linear", path: join(MODELS, "linear") },
    ],
    routes: Object.entries(ROUTES).map(([name, route]) => ({
      name,
      match: { model: "half_plus_two", headers: { "x-case": name } },
      ...route,
    })),
  });
  await gateway.ready();
  client = new GrpcClient(gateway.grpc);
  hung.process.kill("SIGSTOP");
}, 60_000);

afterAll(async () => {
  hung.process.kill("SIGCONT");
  client.close();
  await gateway[Symbol.asyncDispose]();
  await hung[Symbol.asyncDispose]();
});

const X = { model: "half_plus_two", inputs: { x: [1, 2, 5] } };

interface Case {
  readonly route: keyof typeof ROUTES | "none";
  readonly name: string;
  readonly want: {
    readonly outcome?: RegExp;
    readonly y?: readonly number[];
    readonly version?: string;
    readonly arm?: string;
    readonly team?: string;
  };
}

const CASES: readonly Case[] = [
  { route: "none", name: "tells nothing where no route applies", want: { y: [2.5, 3, 4.5] } },
  {
    route: "missing",
    name: "passes over what is not there",
    want: { y: [2.5, 3, 4.5], version: "123", arm: "stable" },
  },
  { route: "slow", name: "goes on once the time is over", want: { y: [2.5, 3, 4.5], version: "124", arm: "canary" } },
  {
    route: "slow and unforeseen",
    name: "stays where going on is for other failures",
    want: { outcome: /^(504|DEADLINE_EXCEEDED): /, version: "124" },
  },
  {
    route: "wrong",
    name: "makes the request anew for a model with other inputs",
    want: { y: [2.5, 3, 4.5], version: "123", arm: "stable" },
  },
  {
    route: "wrong and unforeseen",
    name: "leaves an error of the client's with the client",
    want: { outcome: /^(400|INVALID_ARGUMENT): /, version: "1" },
  },
  {
    route: "nothing",
    name: "answers for each row what the route has for nobody",
    want: { y: [1.5, 1.5, 1.5], arm: "default" },
  },
  {
    route: "nothing in time",
    name: "answers so too when the last one takes too long",
    want: { y: [-1, -1, -1], arm: "default", team: "ranking" },
  },
  {
    route: "wrong with defaults",
    name: "answers no such thing to what is the client's own fault",
    want: { outcome: /^(400|INVALID_ARGUMENT): /, version: "1" },
  },
  {
    route: "split",
    name: "names the arm in ASCII, and sends the route's own headers",
    want: { y: [2.5, 3, 4.5], version: "123", arm: "n%C3%A9%201", team: "ranking" },
  },
];

for (const { edge, predict } of [
  { edge: "REST", predict: (asked: Asked): Promise<Outcome> => predictRest(gateway, asked) },
  { edge: "gRPC", predict: (asked: Asked): Promise<Outcome> => predictGrpc(client, asked) },
]) {
  describe(`over ${edge} a route`, () => {
    for (const { route, name, want } of CASES) {
      test(name, async () => {
        const { outcome, outputs, version, arm, header } = await predict({ ...X, headers: { "x-case": route } });
        expect(outcome).toMatch(want.outcome ?? /^OK$/);
        expect(outputs["y"] ?? outputs[""]).toEqual(want.y);
        expect({ version, arm, team: header("x-team") }).toEqual({
          version: want.version,
          arm: want.arm,
          team: want.team,
        });
        if (route === "nothing in time") expect(outputs["note"]).toEqual(["none", "none", "none"]);
      });
    }
  });
}

async function ask(body: unknown, route: string): Promise<unknown> {
  const response = await fetch(`${gateway.rest}/v1/models/half_plus_two:predict`, {
    method: "POST",
    headers: { "x-case": route },
    body: JSON.stringify(body),
  });
  return await response.json();
}

test("a row format is answered in rows by default outputs too, and a scalar by one", async () => {
  expect(await ask({ instances: [1, 2] }, "nothing")).toEqual({ predictions: [1.5, 1.5] });
  expect(await ask({ instances: [{ x: 1 }, { x: 2 }] }, "nothing in time")).toEqual({
    predictions: [
      { y: -1, note: "none" },
      { y: -1, note: "none" },
    ],
  });
  expect(await ask({ inputs: 3 }, "nothing")).toEqual({ outputs: [1.5] });
});

test("classify and regress have no default outputs, and keep their error", async () => {
  const response = await fetch(`${gateway.rest}/v1/models/half_plus_two:classify`, {
    method: "POST",
    headers: { "x-case": "nothing" },
    body: JSON.stringify({ examples: [{ x: [1] }] }),
  });
  expect(response.status).toBe(503);
  expect(response.headers.get("x-tensorgate-arm")).toBe("8");
});

test("a long body is decoded again for each stage that needs it, and waits for none that is too slow", async () => {
  const rows = 700_000;
  const body = JSON.stringify({ instances: Array.from({ length: rows }, (_, i) => i % 1000) });
  expect(body.length).toBeGreaterThan(2 ** 21);
  const padded = `{"padding":"${"x".repeat(2 ** 22)}",${body.slice(1)}`;
  for (const [route, version, first] of [
    ["wrong", "123", 2],
    ["slow", "124", 2],
    ["hurried", "123", 2],
    ["nothing", undefined, 1.5],
  ] as const) {
    const response = await fetch(`${gateway.rest}/v1/models/half_plus_two:predict`, {
      method: "POST",
      headers: { "x-case": route },
      body: padded,
    });
    const { predictions, error } = (await response.json()) as { predictions?: number[]; error?: string };
    expect(error).toBe(undefined);
    expect(predictions?.length).toBe(rows);
    expect(predictions?.[0]).toBe(first);
    expect(response.headers.get("x-tensorgate-model-version") ?? undefined).toBe(version);
  }
});

test("calls of many clients that wait together leave a target that doesn't answer", async () => {
  const xs = Array.from({ length: 60 }, (_, i) => i);
  const answers = await Promise.all(xs.map((x) => ask({ instances: [x] }, "slow")));
  expect(answers).toEqual(xs.map((x) => ({ predictions: [x / 2 + 2] })));
});

test("each stage is counted under its route and arm", async () => {
  const { text } = await gateway.get("/metrics");
  const counted = (labels: string): number =>
    Number(new RegExp(`^tensorgate_route_requests_total\\{${labels}\\} (\\d+)$`, "m").exec(text)?.[1]);
  expect(counted('route="split",arm="né 1",code="OK"')).toBe(2);
  const slow = counted('route="slow",arm="canary",code="OK"');
  expect(slow).toBeGreaterThanOrEqual(2);
  expect(counted('route="slow",arm="",code="DEADLINE_EXCEEDED"')).toBe(slow);
  expect(counted('route="missing",arm="8",code="UNAVAILABLE"')).toBe(2);
  expect(counted('route="nothing in time",arm="default",code="OK"')).toBe(3);
});
