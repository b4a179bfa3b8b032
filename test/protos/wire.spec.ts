import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codec } from "../../protos/index.ts";

interface Recorded {
  readonly name: string;
  readonly kind: string;
  readonly b64: string;
}

/** Messages serialized by Python's classes of tensorflow-serving-api. */
const recorded = JSON.parse(
  readFileSync(new URL("../data/wire/messages.json", import.meta.url), "utf8"),
) as readonly Recorded[];

const fullName = (kind: string) => (kind === "Example" ? "tensorflow.Example" : `tensorflow.serving.${kind}`);

describe("a message written by Python", () => {
  test.each(recorded)("comes back byte for byte: $name", ({ kind, b64 }) => {
    const messages = codec<object>(fullName(kind));
    const bytes = Buffer.from(b64, "base64");
    expect(messages.encode(messages.decode(bytes)).toString("base64")).toBe(b64);
  });
});
