import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createStateFolder } from "../../../gateway/state/index.ts";
import { memoryLog } from "../setup/log.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "tensorgate-state-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test("what was written is read by the next process, and nothing else lies beside it", () => {
  const folder = join(parent, "deep", "state");
  const { log, lines } = memoryLog();
  const written = createStateFolder(folder, log).document("ramps");
  expect(written.read()).toBeUndefined();
  written.write({ canary: [1, 2] });
  written.write({ canary: [3] });
  expect(written.read()).toEqual({ canary: [3] });
  expect(createStateFolder(folder, log).document("ramps").read()).toEqual({ canary: [3] });
  expect(readdirSync(folder)).toEqual(["ramps.json"]);
  expect(lines).toEqual([]);
});

test("nothing is made on the disk before something is written", () => {
  const folder = join(parent, "state");
  createStateFolder(folder, memoryLog().log).document("models").read();
  expect(existsSync(folder)).toBe(false);
});

test("two askers of one name share a document", () => {
  const state = createStateFolder(undefined, memoryLog().log);
  state.document("ramps").write(1);
  expect(state.document("ramps").read()).toBe(1);
  expect(state.document("models").read()).toBeUndefined();
});

test("without a folder values are kept in memory, with one warning", () => {
  const { log, lines } = memoryLog();
  const document = createStateFolder(undefined, log).document("ramps");
  expect(lines).toEqual([]);
  document.write({ step: 1 });
  document.write({ step: 2 });
  expect(document.read()).toEqual({ step: 2 });
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining("no state.folder is configured")]);
});

test("a folder that cannot be made keeps values in memory, with one warning", () => {
  const { log, lines } = memoryLog();
  writeFileSync(join(parent, "file"), "");
  const document = createStateFolder(join(parent, "file", "state"), log).document("ramps");
  document.write({ step: 1 });
  document.write({ step: 2 });
  expect(document.read()).toEqual({ step: 2 });
  expect(lines.map(({ level }) => level).filter((level) => level === 40)).toHaveLength(1);
});

test("a write that fails leaves the former document whole", () => {
  const { log, lines } = memoryLog();
  const document = createStateFolder(parent, log).document("ramps");
  document.write({ step: 1 });
  expect(() => document.write({ step: 2n })).not.toThrow();
  expect(JSON.parse(readFileSync(join(parent, "ramps.json"), "utf8"))).toEqual({ step: 1 });
  expect(readdirSync(parent)).toEqual(["ramps.json"]);
  expect(lines).toHaveLength(1);
});

test("a document that cannot be read is put aside and told", () => {
  const { log, lines } = memoryLog();
  writeFileSync(join(parent, "models.json"), '{"half');
  const document = createStateFolder(parent, log).document("models");
  expect(document.read()).toBeUndefined();
  document.write([]);
  expect(readFileSync(join(parent, "models.json.unreadable"), "utf8")).toBe('{"half');
  expect(lines[0]?.msg).toContain("models.json cannot be read");

  mkdirSync(join(parent, "ramps.json"));
  const ramps = createStateFolder(parent, log).document("ramps");
  expect([ramps.read(), ramps.write({ step: 1 })]).toEqual([undefined, true]);
  expect(statSync(join(parent, "ramps.json.unreadable")).isDirectory()).toBe(true);
});

test("a document of another form is put aside, for the version that knows it", () => {
  const { log, lines } = memoryLog();
  writeFileSync(join(parent, "models.json"), '{"form":2}');
  expect(createStateFolder(parent, log).document("models", Array.isArray).read()).toBeUndefined();
  expect(readFileSync(join(parent, "models.json.unreadable"), "utf8")).toBe('{"form":2}');
  expect(lines[0]?.msg).toContain("models.json.unreadable): it has not the form");
});

test("a write tells whether it will be there again", () => {
  const { log } = memoryLog();
  expect(createStateFolder(parent, log).document("ramps").write(1)).toBe(true);
  expect(createStateFolder(undefined, log).document("ramps").write(1)).toBe(false);
  writeFileSync(join(parent, "file"), "");
  expect(createStateFolder(join(parent, "file"), log).document("ramps").write(1)).toBe(false);
});

test("what is kept is for its owner alone", () => {
  createStateFolder(parent, memoryLog().log).document("models").write(1);
  expect(statSync(join(parent, "models.json")).mode & 0o777).toBe(0o600);
});
