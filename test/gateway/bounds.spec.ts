import { expect, test } from "vitest";
import { parseConfigText } from "../../config/index.ts";
import { modelName } from "../../core/index.ts";
import { createBounds } from "../../gateway/bounds.ts";
import type { Servable } from "../../gateway/call.ts";

const CONFIG = parseConfigText(
  `batching: { maxRows: 128, maxInFlight: 3, tolerance: { relative: 0, absolute: 0 } }
models: [{ name: m, path: m }, { name: own, path: m, batching: { maxRows: 7 } }, { name: off, path: m, retry: false }]`,
  "/test.yaml",
);

function version(name: string, batchingFile?: string): Servable {
  const nothing = { signatures: new Map(), signatureDefMap: new Uint8Array(), merging: new Map() };
  return {
    name: modelName(name),
    version: 1n as Servable["version"],
    ...nothing,
    ...(batchingFile && { batchingFile }),
  };
}

const FILE =
  "max_batch_size { value: 16 } batch_timeout_micros { value: 2000 } num_batch_threads { value: 9 } allowed_batch_sizes: [8, 16]";

test("a version brings bounds of its own, but for how many calls are under way and what counts as equal", () => {
  const bounds = createBounds(CONFIG, true);
  const it = version("m", FILE);
  expect(bounds(it)).toMatchObject({
    maxRows: 16,
    maxDelayMs: 2,
    allowedRows: [8, 16],
    maxInFlight: 3,
    tolerance: { relative: 0, absolute: 0 },
  });
  expect(bounds(it)).toBe(bounds(it));
});

test.each([
  { name: "without the file a version travels alone", of: version("m"), maxRows: undefined },
  { name: "with a wrong one too", of: version("m", "max_batch_size: 3"), maxRows: undefined },
  { name: "a model with bounds in the configuration has these", of: version("own", FILE), maxRows: 7 },
  { name: "a model that must not run twice travels alone", of: version("off", FILE), maxRows: undefined },
])("$name", ({ of, maxRows }) => {
  expect(createBounds(CONFIG, true)(of)?.maxRows).toBe(maxRows);
});

test("nobody asks versions unless that is turned on", () => {
  expect(createBounds(CONFIG, false)(version("m", FILE))?.maxRows).toBe(128);
});
