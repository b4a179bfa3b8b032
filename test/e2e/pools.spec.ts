import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MODELS, startTensorgate, startWorker, type Tensorgate } from "../setup/tensorgate.ts";

const HALF_PLUS_TWO = join(MODELS, "half_plus_two");

/** A base path with only one of the model's versions. */
function folderOf(version: 123 | 124): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "tensorgate-test-"));
  symlinkSync(join(HALF_PLUS_TWO, `00000${version}`), join(path, String(version)));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * A server of its own, with one version: a worker by itself speaks TensorFlow Serving's API, and a pool of kind
 * tensorflow-serving asks it for nothing else.
 */
async function startServing(version: 123 | 124, port = "any") {
  const folder = folderOf(version);
  const flags = ["--model_name=half_plus_two", `--model_base_path=${folder.path}`, `--port=${port}`];
  const worker = await startWorker(flags);
  return {
    address: worker.address,
    process: worker.process,
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const body = { signature_name: "regress_x_to_y2", examples: [{ x: [2.5] }] };

/** Version 123 answers 4.25, version 124 one more: the two differ in this signature alone. */
async function versionThatAnswers(gateway: Tensorgate, of = ""): Promise<number> {
  const { status, text, json } = await gateway.post(`/v1/models/half_plus_two${of}:regress`, body);
  expect(status, text).toBe(200);
  return (json as { results: number[] }).results[0] === 4.25 ? 123 : 124;
}

test("routes split a model between the local worker and servers elsewhere, of which one has no path here", {
  timeout: 120_000,
}, async () => {
  using old = folderOf(123);
  await using elsewhere = await startServing(124);
  await using gateway = await startTensorgate({
    pools: [{ name: "candidate", kind: "tensorflow-serving", endpoints: [elsewhere.address], pollInterval: "100ms" }],
    models: [
      { name: "half_plus_two", path: old.path },
      { name: "theirs", pool: "candidate" },
    ],
    routes: [
      {
        match: { model: "half_plus_two" },
        split: [
          { name: "ours", pool: "local", weight: 50 },
          { name: "theirs", pool: "candidate", weight: 50 },
        ],
      },
      { match: { model: "half_plus_two", headers: { "x-to": "candidate" } }, to: [{ pool: "candidate" }] },
    ],
  });
  await gateway.ready();
  const counts = new Map([
    [123, 0],
    [124, 0],
  ]);
  for (let i = 0; i < 400; i++) {
    const version = await versionThatAnswers(gateway);
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  expect(Math.abs((counts.get(124) ?? 0) - 200)).toBeLessThan(4 * Math.sqrt(400 * 0.25));
});
