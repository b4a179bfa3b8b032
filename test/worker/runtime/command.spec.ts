import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runRuntimeCommand } from "../../../worker/runtime/index.ts";
import { fakeSitePackages, scratch } from "./support.ts";

let out = "";
let err = "";
beforeEach(() => {
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
});
afterEach(() => vi.restoreAllMocks());

async function command(args: string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  const home = await scratch();
  return runRuntimeCommand(args, { PATH: home, HOME: home, ...more });
}

describe("tensorgate runtime", () => {
  test("where prints the folder alone on stdout", async () => {
    const site = await fakeSitePackages(await scratch(), "tensorflow-2.21.0");
    expect(await command(["where"], { TENSORGATE_TENSORFLOW: site })).toBe(0);
    expect(out).toBe(`${join(site, "tensorflow")}\n`);
    expect(err).toBe("");
  });

  test("where without a library fails and says how to get one", async () => {
    expect(await command(["where"])).toBe(1);
    expect([out, err]).toEqual(["", "No TensorFlow library is here yet: tensorgate runtime install.\n"]);
  });

  test("install prints the folder of a library that is there", async () => {
    const site = await fakeSitePackages(await scratch(), "tensorflow-2.21.0");
    expect(await command(["install"], { TENSORGATE_TENSORFLOW: site })).toBe(0);
    expect(out).toBe(`${join(site, "tensorflow")}\n`);
  });

  test("install that cannot be done is one sentence on stderr", async () => {
    expect(await command(["install"], { PIP_INDEX_URL: "http://127.0.0.1:9/simple" })).toBe(1);
    expect(out).toBe("");
    expect(err).toMatch(/Cannot fetch TensorFlow's library from 127\.0\.0\.1:9/);
  });

  test("remove with nothing fetched is no failure", async () => {
    expect(await command(["remove"])).toBe(0);
    expect(err).toBe("Nothing was fetched yet.\n");
  });

  for (const args of [[], ["fetch"], ["where", "now"], ["install", "--cpu"]]) {
    test(`"${args.join(" ")}" is refused with the usage`, async () => {
      expect(await command(args)).toBe(2);
      expect(err).toContain("Usage: tensorgate runtime");
    });
  }

  test("--help prints the usage", async () => {
    expect(await command(["--help"])).toBe(0);
    expect(out).toContain("TENSORGATE_TENSORFLOW");
  });
});
