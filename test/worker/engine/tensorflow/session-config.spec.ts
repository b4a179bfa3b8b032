import { describe, expect, test } from "vitest";
import {
  configProto,
  IN_CALLING_THREAD,
  runOptions,
  type SessionSettings,
} from "../../../../worker/engine/tensorflow/session-config.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

// The bytes that Python's tf.compat.v1.ConfigProto(allow_soft_placement=True, ...).SerializeToString(deterministic=True) gives.
const CASES: { settings: SessionSettings; want: string }[] = [
  { settings: {}, want: "3801" },
  { settings: { intraOpThreads: 4, interOpThreads: 300 }, want: "100428ac023801" },
  { settings: { intraOpThreads: 0, interOpThreads: 0, gpuMemoryFraction: 0, gpuMemoryGrowth: false }, want: "3801" },
  { settings: { gpuMemoryGrowth: true }, want: "320220013801" },
  { settings: { gpuMemoryFraction: 0.25 }, want: "320909000000000000d03f3801" },
  { settings: { visibleDevices: "0,1" }, want: "32052a03302c313801" },
  { settings: { visibleDevices: "" }, want: "0a070a0347505510003801" },
];

describe("the settings of a session as ConfigProto", () => {
  for (const { settings, want } of CASES) {
    test(JSON.stringify(settings), () => expect(hex(configProto(settings))).toBe(want));
  }
});

describe("RunOptions", () => {
  test("that keep a run in the calling thread", () => expect(hex(IN_CALLING_THREAD)).toBe("18ffffffffffffffffff01"));
  test("with a timeout", () => expect(hex(runOptions({ timeoutMs: 1000 }))).toBe("10e807"));
});
