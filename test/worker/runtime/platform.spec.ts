import { describe, expect, test } from "vitest";
import { wheelFor } from "../../../worker/runtime/platform.ts";
import { TENSORFLOW_VERSION, WHEELS } from "../../../worker/runtime/wheels.ts";

const glibc = "2.36";

describe("the wheel for a platform", () => {
  for (const { os, arch, gpu = false, want } of [
    { os: "linux", arch: "x64", want: /^tensorflow_cpu-.*x86_64/ },
    { os: "linux", arch: "x64", gpu: true, want: /^tensorflow-.*x86_64/ },
    { os: "linux", arch: "arm64", want: /^tensorflow-.*aarch64/ },
    { os: "darwin", arch: "arm64", want: /^tensorflow-.*macosx.*arm64/ },
  ]) {
    test(`${os} ${arch}${gpu ? " with GPU" : ""}`, () => {
      expect(wheelFor({ os, arch, glibc: os === "linux" ? glibc : undefined }, gpu).file).toMatch(want);
    });
  }

  for (const { name, platform, gpu = false, want } of [
    {
      name: "Windows",
      platform: { os: "win32", arch: "x64", glibc: undefined },
      want: /no library for win32-x64 \(there is linux-x64, .*TENSORGATE_TENSORFLOW/,
    },
    {
      name: "an Intel Mac",
      platform: { os: "darwin", arch: "x64", glibc: undefined },
      want: /no library for darwin-x64/,
    },
    { name: "musl", platform: { os: "linux", arch: "x64", glibc: undefined }, want: /GNU C library 2\.27.*musl/ },
    {
      name: "an old GNU C library",
      platform: { os: "linux", arch: "x64", glibc: "2.17" },
      want: /this system has 2\.17/,
    },
    {
      name: "a GPU on a Mac",
      platform: { os: "darwin", arch: "arm64", glibc: undefined },
      gpu: true,
      want: /GPU support for darwin-arm64/,
    },
  ]) {
    test(`there is none for ${name}, and the message says so`, () =>
      expect(() => wheelFor(platform, gpu)).toThrow(want));
  }
});

test("the table of wheels is of one piece", () => {
  for (const wheel of Object.values(WHEELS)) {
    expect(wheel.file).toMatch(
      new RegExp(`^${wheel.project.replace("-", "_")}-${TENSORFLOW_VERSION}-cp312-cp312-.*\\.whl$`),
    );
    expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(wheel.unpackedBytes).toBeGreaterThan(wheel.bytes);
  }
  expect(new Set(Object.values(WHEELS).map((wheel) => wheel.sha256)).size).toBe(4);
});
