import { describe, expect, test } from "vitest";
import {
  configProto,
  IN_CALLING_THREAD,
  runOptions,
  type SessionSettings,
} from "../../../../worker/engine/tensorflow/session-config.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

// The bytes that Python's tf.compat.v1.ConfigProto(...).SerializeToString(deterministic=True) gives, behind those of allow_soft_placement=True.
const CASES: { settings: SessionSettings; want: string }[] = [
  { settings: {}, want: "3801" },
  { settings: { intraOpThreads: 4, interOpThreads: 300 }, want: "3801100428ac02" },
  { settings: { intraOpThreads: 0, interOpThreads: 0, gpuMemoryFraction: 0, gpuMemoryGrowth: false }, want: "3801" },
  { settings: { gpuMemoryGrowth: true }, want: "380132022001" },
  { settings: { gpuMemoryFraction: 0.25 }, want: "3801320909000000000000d03f" },
  { settings: { visibleDevices: "0,1" }, want: "380132052a03302c31" },
  // allow_soft_placement=False, intra_op_parallelism_threads=7: the first wins over the default, the second gives way.
  { settings: { intraOpThreads: 4, configProto: Buffer.from("10073800", "hex") }, want: "3801100738001004" },
  { settings: { visibleDevices: "" }, want: "38010a070a034750551000" },
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
