import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VersionPolicy } from "../../../config/index.ts";
import { version } from "../../../core/index.ts";
import { scanBasePath } from "../../../worker/lifecycle/scan.ts";

const ALL: VersionPolicy = { by: "all" };
let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "tensorgate-scan-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function wanted(policy: VersionPolicy, path = base): Promise<readonly string[]> {
  const scan = await scanBasePath(path, policy);
  if (scan.is === "unreadable") throw new Error(scan.problem);
  return scan.wanted.map(({ version, directory }) => `${version} ${directory.slice(base.length)}`);
}

async function notes(policy: VersionPolicy = ALL): Promise<readonly string[]> {
  const scan = await scanBasePath(base, policy);
  return scan.is === "found" ? scan.notes : [];
}

describe("the versions that a policy asks for", () => {
  const cases: readonly { name: string; policy: VersionPolicy; want: readonly string[] }[] = [
    { name: "all of them", policy: ALL, want: ["3 /3", "20 /20", "100 /00000100"] },
    { name: "the latest, by number and not by name", policy: { by: "latest", count: 1 }, want: ["100 /00000100"] },
    { name: "the two latest", policy: { by: "latest", count: 2 }, want: ["20 /20", "100 /00000100"] },
    { name: "more than there are", policy: { by: "latest", count: 9 }, want: ["3 /3", "20 /20", "100 /00000100"] },
    { name: "0 latest, which counts as 1", policy: { by: "latest", count: 0 }, want: ["100 /00000100"] },
    {
      name: "specific ones, as far as they are there",
      policy: { by: "specific", versions: [20n, 7n].map(version) },
      want: ["20 /20"],
    },
    { name: "no specific one", policy: { by: "specific", versions: [] }, want: [] },
  ];
  for (const { name, policy, want } of cases) {
    test(name, async () => {
      for (const folder of ["3", "20", "00000100", "v1", "1.0", "tmp-5"]) await mkdir(join(base, folder));
      await writeFile(join(base, "7"), "a file is no version");
      expect(await wanted(policy)).toEqual(want);
    });
  }

  test("names those that are asked for and missing", async () => {
    await mkdir(join(base, "1"));
    const policy: VersionPolicy = { by: "specific", versions: [1n, 8n].map(version) };
    expect(await notes(policy)).toEqual([`version 8 is asked for but is not in ${base}`]);
  });
});

describe("a base path", () => {
  test("that is itself a SavedModel is version 1, and says so", async () => {
    await writeFile(join(base, "saved_model.pb"), "");
    expect(await wanted({ by: "latest", count: 1 })).toEqual(["1 "]);
    expect(await notes()).toEqual([expect.stringContaining("served as version 1")]);
  });

  test("that is a SavedModel in text form is version 1 too", async () => {
    await writeFile(join(base, "saved_model.pbtxt"), "");
    expect(await wanted(ALL)).toEqual(["1 "]);
  });

  test("with numeric folders beside a stray SavedModel has those versions only", async () => {
    await writeFile(join(base, "saved_model.pb"), "");
    await mkdir(join(base, "5"));
    expect(await wanted(ALL)).toEqual(["5 /5"]);
    expect(await notes()).toEqual([]);
  });

  test("that is empty has no versions", async () => {
    expect(await wanted(ALL)).toEqual([]);
  });

  test("with two names for one version has the later, with a note", async () => {
    await mkdir(join(base, "007"));
    await mkdir(join(base, "7"));
    expect(await wanted(ALL)).toEqual(["7 /7"]);
    expect(await notes()).toEqual([expect.stringContaining("are the same version")]);
  });

  test("may link to its versions, as deployments that swap a link do", async () => {
    await mkdir(join(base, "store"));
    await symlink(join(base, "store"), join(base, "4"));
    await symlink(join(base, "nowhere"), join(base, "5"));
    expect(await wanted(ALL)).toEqual(["4 /4"]);
  });

  test("may be a file:// URI", async () => {
    await mkdir(join(base, "2"));
    expect(await wanted(ALL, `file://${base}`)).toEqual(["2 /2"]);
  });

  const problems = [
    { name: "that is missing", path: () => join(base, "missing"), want: "does not exist" },
    { name: "that is a file", path: () => join(base, "file"), want: "is not a folder" },
    { name: "in Google's store", path: () => "gs://bucket/model", want: "mount the bucket or sync it" },
    { name: "in Amazon's store", path: () => "s3://bucket/model", want: "s3:// paths are not supported" },
    { name: "with a file:// URI of another host", path: () => "file://elsewhere/model", want: "cannot be read" },
  ];
  for (const { name, path, want } of problems) {
    test(`${name} is a problem, told in words`, async () => {
      await writeFile(join(base, "file"), "");
      expect(await scanBasePath(path(), ALL)).toEqual({ is: "unreadable", problem: expect.stringContaining(want) });
    });
  }

  test("that may not be read is a problem", async () => {
    await chmod(base, 0o000);
    const scan = await scanBasePath(base, ALL);
    await chmod(base, 0o700);
    // Root may read everything.
    if (process.getuid?.() === 0) expect(scan.is).toBe("found");
    else expect(scan).toEqual({ is: "unreadable", problem: expect.stringContaining("permission denied") });
  });
});
