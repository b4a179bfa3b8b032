import { expect, test } from "vitest";
import { ConfigError, parseConfigText, parseModelText, writtenModel } from "../../config/index.ts";

const AROUND = parseConfigText("models: []", "/c.yaml");

function parse(model: unknown): ReturnType<typeof parseModelText> {
  return parseModelText(JSON.stringify(model), "body", "/srv");
}

for (const { name, model } of [
  { name: "the least", model: { name: "m", path: "/m" } },
  { name: "all versions", model: { name: "m", path: "/m", versions: "all" } },
  {
    name: "some versions, one beyond 2^53",
    model: { name: "m", path: "/m", versions: { specific: [3, "9007199254740993"] } },
  },
  {
    name: "labels, of any name",
    model: { name: "m", path: "/m", labels: { stable: 3, __proto__: 1, constructor: "4" } },
  },
  { name: "tags and no retries", model: { name: "m", path: "/m", tags: ["serve", "gpu"], retry: false } },
  { name: "no batching", model: { name: "m", path: "/m", batching: "off" } },
  {
    name: "bounds of batching",
    model: {
      name: "m",
      path: "/m",
      batching: {
        maxRows: 32,
        maxBytes: "1MiB",
        maxDelay: "2ms",
        maxInFlight: 3,
        allowedRows: [8, 32],
        tolerance: { relative: 0 },
      },
    },
  },
  { name: "another pool, without a path", model: { name: "m", pool: "elsewhere" } },
]) {
  test(`a model is written as it can be read again: ${name}`, () => {
    const parsed = parse(model);
    expect(parse(writtenModel(parsed))).toEqual(parsed);
  });
}

test("a relative path starts at the folder, and references are mere text", () => {
  expect(parse({ name: "m", path: "models/m" }).path).toBe("/srv/models/m");
  expect(parse({ name: "m", path: "/${HOME}/${file:/etc/hostname}" }).path).toBe("/${HOME}/${file:/etc/hostname}");
});

test("a pool that there is not, and a missing path, are faults of the model alone", () => {
  const text = '{"name": "m",\n"pool": "gpus"}';
  expect(() => parseModelText(text, "body", "/", AROUND)).toThrow(
    new ConfigError([{ file: "body", line: 2, column: 9, path: "pool", message: 'no pool is called "gpus"' }]),
  );
  expect(() => parseModelText('{"name": "m"}', "body", "/", AROUND)).toThrow("body:1:1 path: is missing");
});

test("a model without a pool needs workers, here or elsewhere", () => {
  const text = '{"name": "m", "path": "/m"}';
  const pools = "models: []\npools: [{ name: far, endpoints: [h:1] }]";
  const parse = (config: string) => () => parseModelText(text, "body", "/", parseConfigText(config, "/c.yaml"));
  expect(parse(`${pools}\nworkers: { count: 0 }`)).toThrow("body:1:1: names no pool, and workers.count is 0");
  expect(parse(`${pools}\nworkers: { endpoints: [h:2] }`)).not.toThrow();
  expect(parse(pools)).not.toThrow();
});
