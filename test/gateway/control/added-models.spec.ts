import { expect, test } from "vitest";
import type { Logger } from "../../../core/index.ts";
import { AddedModels } from "../../../gateway/control/added-models.ts";

function readFrom(kept: unknown): { readonly names: readonly string[]; readonly errors: readonly string[] } {
  const errors: string[] = [];
  const log = { error: (message: string) => void errors.push(message) } as unknown as Logger;
  const models = new AddedModels({ document: () => ({ read: () => kept, write() {} }) }, log);
  return { names: models.all.map(({ name }) => name), errors };
}

test("models that were added are there again", () => {
  expect(readFrom([{ name: "m", path: "/m" }])).toEqual({ names: ["m"], errors: [] });
  expect(readFrom(undefined)).toEqual({ names: [], errors: [] });
});

test("what is kept and cannot be used is told, and the rest is there", () => {
  expect(
    readFrom([
      { name: "m", path: "/m", lables: {} },
      { name: "n", path: "/n" },
    ]),
  ).toMatchObject({
    names: ["n"],
    errors: [expect.stringContaining("not served any more")],
  });
  expect(readFrom({ models: [] })).toMatchObject({ names: [], errors: [expect.stringContaining("no list")] });
});
