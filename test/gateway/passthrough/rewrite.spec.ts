import { describe, expect, test } from "vitest";
import { clientHeaders, plainAddress, upstreamHeaders } from "../../../gateway/passthrough/headers.ts";
import { clientLocation, upstreamPath } from "../../../gateway/passthrough/path.ts";

describe("on the way to the upstream", () => {
  for (const [prefix, rewritePrefix, path, want] of [
    ["/a", "", "/a", "/"],
    ["/a", "", "/a/", "/"],
    ["/a", "", "/a/b%2Fc", "/b%2Fc"],
    ["/a", "/x/y", "/a/b", "/x/y/b"],
    ["/a", "/x", "/a", "/x"],
    ["/v1/models/other", "/v1/models/mine", "/v1/models/other:predict", "/v1/models/mine:predict"],
    ["/a", "", "/a:verb", "/:verb"],
    ["", "", "/b", "/b"],
    ["", "/x", "/b", "/x/b"],
  ] as const) {
    test(`${path} becomes ${want}`, () => expect(upstreamPath({ prefix, rewritePrefix }, path)).toBe(want));
  }
});

describe("on the way to the client a Location", () => {
  const origins = ["http://127.0.0.1:9000"];
  for (const [rewritePrefix, location, want] of [
    ["", "/b?x=1", "/a/b?x=1"],
    ["/x", "/x/b", "/a/b"],
    ["/x", "/x", "/a"],
    ["/x", "/xy", "/xy"],
    ["/x", "/other", "/other"],
    ["", "http://127.0.0.1:9000/b", "/a/b"],
    ["", "http://127.0.0.1:9000", "/a/"],
    ["", "http://127.0.0.1:90001/b", "http://127.0.0.1:90001/b"],
    ["", "https://example.org/b", "https://example.org/b"],
    ["", "//example.org/b", "//example.org/b"],
    ["", "b", "b"],
  ] as const) {
    test(`${location} is ${want}`, () => {
      expect(clientLocation({ prefix: "/a", rewritePrefix }, location, origins)).toBe(want);
    });
  }
});

describe("headers", () => {
  const told = { address: "10.0.0.7", host: "api.example.org", isKnown: false, contentType: undefined };

  test("of a connection end with it, those that Connection names too", () => {
    const headers = {
      connection: "keep-alive, X-Hop",
      "keep-alive": "timeout=5",
      "x-hop": "1",
      te: "trailers",
      upgrade: "websocket",
      "transfer-encoding": "chunked",
      expect: "100-continue",
      accept: "*/*",
    };
    const { accept, "transfer-encoding": coding, ...others } = upstreamHeaders(headers, told);
    expect([accept, coding]).toEqual(["*/*", "chunked"]);
    expect(Object.keys(others).filter((name) => !name.startsWith("x-forwarded"))).toEqual([]);
    expect(clientHeaders(headers, (location) => location, {})).toEqual({ accept: "*/*", expect: "100-continue" });
  });

  test("tell the upstream who asks, behind what proxies have told", () => {
    expect(upstreamHeaders({}, told)).toEqual({
      "x-forwarded-for": "10.0.0.7",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "api.example.org",
    });
    const before = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "example.org" };
    expect(upstreamHeaders({ ...before, forwarded: "for=1.2.3.4" }, told)).toEqual({
      ...before,
      "x-forwarded-for": "1.2.3.4, 10.0.0.7",
      forwarded: "for=1.2.3.4",
    });
  });

  test("of an answer keep each cookie, and what is added replaces the upstream's own", () => {
    const headers = { "set-cookie": ["a=1", "b=2"], "x-a": "upstream", location: "/b" };
    expect(clientHeaders(headers, (written) => `/a${written}`, { "x-a": "ours" })).toEqual({
      "set-cookie": ["a=1", "b=2"],
      "x-a": "ours",
      location: "/a/b",
    });
  });

  test("keep a token from the upstream that was meant for the gateway", () => {
    const headers = { authorization: "Bearer x" };
    expect(upstreamHeaders(headers, told)).toMatchObject(headers);
    expect(upstreamHeaders(headers, { ...told, isKnown: true })).not.toHaveProperty("authorization");
  });

  test("have IPv4 addresses as such", () => {
    expect(["::ffff:10.0.0.7", "::1", "10.0.0.7"].map(plainAddress)).toEqual(["10.0.0.7", "::1", "10.0.0.7"]);
  });
});
