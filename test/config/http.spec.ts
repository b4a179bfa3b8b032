import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { problemsOf } from "./problems.ts";

const FILE = "/etc/gate/config.yaml";
const parse = (http: string) => parseConfigText(`models: []\nhttp:\n${http}`, FILE).http;

const problems = (http: string): string[] => problemsOf(() => parse(http), FILE);

test("an entry has defaults for all but its prefix and upstream", () => {
  expect(parse("- { prefix: /sklearn/, upstream: 'http://LOCALHOST:80/' }")).toEqual([
    {
      name: "/sklearn",
      prefix: "/sklearn",
      rewritePrefix: "",
      arms: [{ name: "", upstreams: ["http://localhost"], weight: 1 }],
      sticky: undefined,
      tls: undefined,
      timeoutMs: 30_000,
      maxDurationMs: Number.POSITIVE_INFINITY,
      maxBytes: 256 * 2 ** 20,
      maxInFlight: undefined,
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      retries: 2,
      responseHeaders: new Map(),
    },
  ]);
});

test("a split has arms of one or several upstreams", () => {
  const [entry] = parse(`
- prefix: /
  rewritePrefix: /base/
  split:
    - { name: old, upstreams: [http://a:1, http://b:1, http://a:1], weight: 90% }
    - { name: new, upstream: "https://c:2", weight: 10% }
  sticky: { cookie: session }`);
  expect(entry).toMatchObject({
    name: "/",
    prefix: "",
    rewritePrefix: "/base",
    arms: [
      { name: "old", upstreams: ["http://a:1", "http://b:1"], weight: 90 },
      { name: "new", upstreams: ["https://c:2"], weight: 10 },
    ],
    sticky: { by: "cookie", name: "session" },
  });
});

describe("refused is", () => {
  const up = "upstream: http://a:1";
  for (const { name, http, want } of [
    {
      name: "no upstream",
      http: "- { prefix: /a }",
      want: ["3:3 http[0]: expected exactly one of upstream, upstreams, split"],
    },
    {
      name: "more than one kind of upstream",
      http: `- { prefix: /a, ${up}, upstreams: [http://b:1] }`,
      want: ["3:3 http[0]: expected exactly one of upstream, upstreams, split"],
    },
    {
      name: "a path in an upstream",
      http: "- { prefix: /a, upstream: http://a:1/base }",
      want: [
        '3:27 http[0].upstream: expected only scheme, host and port, got "http://a:1/base": a path belongs in rewritePrefix',
      ],
    },
    {
      name: "an upstream without a scheme",
      http: "- { prefix: /a, upstream: 'a:1' }",
      want: ['3:27 http[0].upstream: expected an upstream like http://127.0.0.1:9000, got "a:1"'],
    },
    {
      name: "a path of the gateway's own",
      http: `- { prefix: /metrics, ${up} }\n- { prefix: /admin/x, ${up} }`,
      want: ["3:13 http[0].prefix: /metrics is the gateway's own", "4:13 http[1].prefix: /admin is the gateway's own"],
    },
    {
      name: "the whole REST API",
      http: `- { prefix: /v1/models/, ${up} }`,
      want: ["3:13 http[0].prefix: /v1/models is the REST API's own, expected a longer one like /v1/models/NAME"],
    },
    {
      name: "a relative prefix",
      http: `- { prefix: a, ${up} }`,
      want: ['3:13 http[0].prefix: expected a path like /sklearn, got "a"'],
    },
    {
      name: "a prefix that nobody could ask for",
      http: `- { prefix: /a/../b, ${up} }`,
      want: ['3:13 http[0].prefix: expected a path without empty segments and dots, got "/a/../b"'],
    },
    {
      name: "a prefix twice, however it is written",
      http: `- { prefix: /a, ${up} }\n- { prefix: /a/, ${up} }`,
      want: ['4:13 http[1].prefix: "/a" is the prefix of http[0] already'],
    },
    {
      name: "a name twice",
      http: `- { prefix: /a, ${up} }\n- { name: /a, prefix: /b, ${up} }`,
      want: ['4:11 http[1].name: "/a" is the name of http[0] already'],
    },
    {
      name: "percentages that don't add up",
      http: "- { prefix: /a, split: [{ name: x, upstream: http://a:1, weight: 50% }, { name: y, upstream: http://b:1, weight: 40% }] }",
      want: ["3:24 http[0].split: the percentages add up to 90%, expected 100%"],
    },
    {
      name: "stickiness without a split",
      http: `- { prefix: /a, ${up}, sticky: { client: true } }`,
      want: ["3:47 http[0].sticky: is for a split only"],
    },
    {
      name: "stickiness by what only passes through",
      http: `- { prefix: /a, ${up}, sticky: { header: x, input: true } }`,
      want: ["3:47 http[0].sticky: is for a split only", "3:60 http[0].sticky.input: unknown key"],
    },
    {
      name: "an unknown method",
      http: `- { prefix: /a, ${up}, methods: [GTE] }`,
      want: [
        '3:49 http[0].methods[0]: expected one of "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", got "GTE" (did you mean "GET"?)',
      ],
    },
  ]) {
    test(name, () => expect(problems(http)).toEqual(want));
  }
});
