import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { estimateFromFiles } from "../../../worker/engine/estimate.ts";

test("a model is estimated at 1.2 times its files, those in folders below included", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-"));
  await mkdir(join(folder, "variables"));
  await writeFile(join(folder, "saved_model.pb"), new Uint8Array(1000));
  await writeFile(join(folder, "variables", "variables.data-00000-of-00001"), new Uint8Array(9000));
  expect(await estimateFromFiles(folder)).toBe(12_000);
  await rm(folder, { recursive: true });
});

test("files behind links count, once, and a circle of links ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tensorgate-"));
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data", "weights"), new Uint8Array(1000));
  await mkdir(join(folder, "1"));
  await symlink(join(folder, "data"), join(folder, "1", "variables"));
  await symlink(folder, join(folder, "data", "up"));
  expect(await estimateFromFiles(join(folder, "1"))).toBe(1200);
  await rm(folder, { recursive: true });
});

test("a folder that is not there is estimated at nothing", async () => {
  expect(await estimateFromFiles(join(tmpdir(), "tensorgate-nowhere"))).toBe(0);
});
