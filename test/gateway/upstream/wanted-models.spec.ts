import { expect, test } from "vitest";
import { parseConfigText } from "../../../config/index.ts";
import { wantedModels } from "../../../gateway/upstream/wanted-models.ts";

const text = `
batching: { tolerance: { relative: 0.01 } }
models:
  - { name: common, path: /m }
  - { name: own, path: /m, batching: { tolerance: { absolute: 0 } } }
  - { name: apart, path: /m, batching: off }
  - { name: once, path: /m, retry: false }
`;

test("a proof is asked for where calls are to be joined, within the model's own tolerance", () => {
  const proofs = wantedModels(parseConfigText(text, "/test.yaml")).map(({ name, merge_proof }) => [name, merge_proof]);
  expect(Object.fromEntries(proofs)).toEqual({
    common: { relative_tolerance: 0.01, absolute_tolerance: 1e-6 },
    own: { relative_tolerance: 1e-4, absolute_tolerance: 0 },
    apart: null,
    once: null,
  });
});
