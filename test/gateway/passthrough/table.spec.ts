import { describe, expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { compilePassTable } from "../../../gateway/passthrough/table.ts";
import type { UpstreamEndpoint } from "../../../gateway/passthrough/upstream-endpoint.ts";

const endpoint = {} as UpstreamEndpoint;

/** Which entry takes a path, by its prefix. */
function finder(...prefixes: string[]): (path: string) => string | undefined {
  const http = prefixes.map((prefix) => ({ name: prefix, prefix, upstream: "http://127.0.0.1:9" }));
  const config = parseConfigText(JSON.stringify({ models: [], http }), "c.yaml");
  const table = compilePassTable(config.http, { endpoint: () => endpoint, load: () => ({ inFlight: 0 }) });
  return (path) => table.find(path)?.config.name;
}

describe("the entry of a path is", () => {
  const find = finder("/a", "/a/b/c", "/v1/models/other", "/long-but-alone");
  for (const [path, want] of [
    ["/a", "/a"],
    ["/a/", "/a"],
    ["/a/x", "/a"],
    ["/a/b", "/a"],
    ["/a/b/c", "/a/b/c"],
    ["/a/b/c/d/e", "/a/b/c"],
    ["/a/b/cd", "/a"],
    ["/ab", undefined],
    ["/A", undefined],
    ["/", undefined],
    ["", undefined],
    // What TensorFlow Serving's clients ask for: a verb ends a segment too.
    ["/v1/models/other", "/v1/models/other"],
    ["/v1/models/other:predict", "/v1/models/other"],
    ["/v1/models/other/versions/3:predict", "/v1/models/other"],
    ["/v1/models/others:predict", undefined],
    ["/v1/models/another:predict", undefined],
    [`/a/${"b/".repeat(8_000)}`, "/a"],
    [`/${"x".repeat(8_000)}`, undefined],
  ] as const) {
    test(`${want ?? "none"} for ${path.slice(0, 40)}`, () => expect(find(path)).toBe(want));
  }
});

test("a prefix / takes what nobody else has, but for the gateway's own paths", () => {
  const find = finder("/", "/a", "/v1/models/other");
  expect(["/", "/x", "/a/b", "/v1x"].map(find)).toEqual(["/", "/", "/a", "/"]);
  expect(find("/v1/models/other:predict")).toBe("/v1/models/other");
  for (const own of ["/healthz", "/readyz", "/statusz", "/metrics", "/admin", "/admin/status", "/v1", "/v1/models/m"]) {
    expect(find(own), own).toBeUndefined();
  }
});

test("without entries no path is passed on", () => expect(finder()("/a")).toBeUndefined());
