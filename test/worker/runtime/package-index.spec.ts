import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { indexUrl } from "../../../worker/runtime/package-index.ts";
import { proxyFor } from "../../../worker/runtime/pip.ts";
import { fakeProgram, scratch } from "./support.ts";

describe("the package index", () => {
  for (const { name, env, want } of [
    {
      name: "PIP_INDEX_URL before all",
      env: { PIP_INDEX_URL: "https://a", UV_INDEX_URL: "https://b" },
      want: "https://a",
    },
    {
      name: "uv's newer variable before its older",
      env: { UV_DEFAULT_INDEX: "https://c", UV_INDEX_URL: "https://b" },
      want: "https://c",
    },
    { name: "uv's older variable", env: { UV_INDEX_URL: "https://b" }, want: "https://b" },
    {
      name: "the public one when nothing is said and there is no pip",
      env: { PATH: "/nowhere" },
      want: "https://pypi.org/simple",
    },
  ]) {
    test(name, async () => expect(await indexUrl(env)).toBe(want));
  }

  test("one that is no http address is refused by name", async () => {
    for (const index of ["nonsense", "file:///wheels", "http://"]) {
      await expect(indexUrl({ PIP_INDEX_URL: index })).rejects.toThrow(`The package index ${index} is not an address`);
    }
  });

  test("what pip is configured with", async () => {
    const folder = await scratch();
    await fakeProgram(folder, "pip", '[ "$*" = "config get global.index-url" ] && echo https://mirror.example/simple');
    expect(await indexUrl({ PATH: `${folder}:/usr/bin:/bin` })).toBe("https://mirror.example/simple");
  });

  test("the public one when pip is configured with none", async () => {
    const folder = await scratch();
    await fakeProgram(join(folder), "pip", "exit 1");
    expect(await indexUrl({ PATH: `${folder}:/usr/bin:/bin` })).toBe("https://pypi.org/simple");
  });
});

describe("the proxy for an index", () => {
  const url = "https://pypi.org/simple";
  for (const { name, env, want, from = url } of [
    { name: "none", env: {}, want: undefined },
    { name: "HTTPS_PROXY", env: { HTTPS_PROXY: "http://p" }, want: "http://p" },
    { name: "https_proxy", env: { https_proxy: "http://p" }, want: "http://p" },
    { name: "ALL_PROXY", env: { ALL_PROXY: "http://p" }, want: "http://p" },
    { name: "not HTTP_PROXY, which is for plain http", env: { HTTP_PROXY: "http://p" }, want: undefined },
    {
      name: "HTTP_PROXY for a plain http index",
      env: { http_proxy: "http://p" },
      from: "http://mirror/simple",
      want: "http://p",
    },
    {
      name: "none for a host in NO_PROXY",
      env: { HTTPS_PROXY: "http://p", NO_PROXY: "localhost, .pypi.org" },
      want: undefined,
    },
    { name: "none when all hosts are exempt", env: { HTTPS_PROXY: "http://p", no_proxy: "*" }, want: undefined },
    {
      name: "one when another host is exempt",
      env: { HTTPS_PROXY: "http://p", no_proxy: "example.org" },
      want: "http://p",
    },
    {
      name: "none when Node uses it itself",
      env: { HTTPS_PROXY: "http://p", NODE_USE_ENV_PROXY: "1" },
      want: undefined,
    },
  ]) {
    test(name, () => expect(proxyFor(from, env)).toBe(want));
  }
});
