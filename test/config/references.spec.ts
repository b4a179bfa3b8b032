import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Config, parseConfigText, parseModelText } from "../../config/index.ts";
import { ReferenceValues } from "../../config/references.ts";
import { problemsOf } from "./problems.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "references-"));
  writeFileSync(join(folder, "token"), "s3cret-of-the-house\n");
  writeFileSync(join(folder, "windows"), "line\r\n\r\n");
  writeFileSync(join(folder, "port"), "8123\n");
  writeFileSync(join(folder, "bytes"), Buffer.from([0xff, 0xfe]));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ENVIRONMENT = {
  PORT: "8123",
  NAME: "m",
  EMPTY: "",
  DIGITS: "42",
  WORD: "loud",
  BUCKET: "s3://private-bucket",
  ON: "true",
};

function parse(text: string): Config {
  const references = new ReferenceValues([], ENVIRONMENT);
  return parseConfigText(text, join(folder, "config.yaml"), { references });
}

const problems = (text: string): string[] => problemsOf(() => parse(text), join(folder, "config.yaml"));

const model = (written: string): string => parse(`models: [{ name: ${written}, path: /m }]`).models[0]?.name ?? "";

describe("a reference stands for", () => {
  for (const { name, written, want } of [
    { name: "a variable", written: "${NAME}", want: "m" },
    { name: "a variable within a text", written: "a-${NAME}-${NAME}", want: "a-m-m" },
    { name: "a variable in quotes", written: '"${NAME}"', want: "m" },
    { name: "digits, which stay text in quotes", written: "'${DIGITS}'", want: "42" },
    { name: "a default where a variable is not set", written: "${NO:-other}", want: "other" },
    { name: "a default where a variable is empty", written: "${EMPTY:-other}", want: "other" },
    { name: "nothing of a default where the variable is set", written: "${NAME:-other}", want: "m" },
    { name: "a default with YAML's own signs in it", written: "${NO:-[a, b]}", want: "[a, b]" },
    { name: "a file's content, beside the configuration", written: "${file:token}", want: "s3cret-of-the-house" },
    { name: "a file's content but for its last line break", written: "${file:windows}", want: "line\r\n" },
    { name: "an escape: itself", written: "$${NAME}", want: "${NAME}" },
    { name: "an escape in quotes: itself", written: '"a$${NAME}"', want: "a${NAME}" },
    { name: "a dollar sign: itself", written: "$NAME$$", want: "$NAME$$" },
  ]) {
    test(name, () => expect(model(written)).toBe(want));
  }
});

test("a reference that was written plainly is typed as YAML does, in blocks, braces and JSON", () => {
  const block = parse("models: []\nserver:\n  rest:\n    port: ${PORT}\n    cors: ${ON}\n");
  expect(block.server.rest).toMatchObject({ port: 8123, cors: true });
  expect(parse("models: []\nserver: { rest: { port: ${file:port} }, grpc: { port: ${NO:-1} } }").server).toMatchObject({
    rest: { port: 8123 },
    grpc: { port: 1 },
  });
  expect(parse('{"models": [], "server": {"rest": {"port": ${PORT}}}}').server.rest.port).toBe(8123);
});

test("a reference is one wherever an alias repeats it, and none in comments and keys", () => {
  const text = `# \${NONE}
models:
  - { name: &name "\${NAME}", path: /m, labels: { "\${NONE}": 1 } }
routes: [{ match: { model: *name }, to: [{ label: "$\${NONE}" }] }]`;
  const { models, routes } = parse(text);
  expect([...(models[0]?.labels.keys() ?? [])]).toEqual(["${NONE}"]);
  expect(routes[0]?.match.model).toEqual({ by: "exact", value: "m" });
});

test("a model that comes over the admin API cannot ask for the environment or files", () => {
  const written = JSON.stringify({ name: "${PATH}", path: "${file:/etc/passwd}" });
  expect(parseModelText(written, "body", folder)).toMatchObject({
    name: "${PATH}",
    path: join(folder, "${file:/etc/passwd}"),
  });
});

describe("a reference is refused", () => {
  for (const { name, text, want } of [
    {
      name: "for a variable that is not set, and all such at once",
      text: "models: [{ name: a, path: '${NOWHERE}' }]\nserver: { host: a${NEITHER}b }",
      want: [
        "1:27 models[0].path: environment variable NOWHERE is not set",
        "2:17 server.host: environment variable NEITHER is not set",
      ],
    },
    {
      name: "with the name of the variable that was probably meant",
      text: "models: [{ name: a, path: '${NAEM}' }]",
      want: ['1:27 models[0].path: environment variable NAEM is not set (did you mean "NAME"?)'],
    },
    {
      name: "for a file that is not there",
      text: "models: [{ name: '${file:none}', path: /m }]",
      want: ["1:18 models[0].name: ${file:none}: no such file"],
    },
    {
      name: "for a folder, and for what is not UTF-8",
      text: "models: [{ name: '${file:.}', path: '${file:bytes}' }]",
      want: ["1:18 models[0].name: ${file:.}: is no file", "1:37 models[0].path: ${file:bytes}: is not UTF-8"],
    },
    {
      name: "that is none of the forms",
      text: "models: [{ name: '${a b}', path: '${A:-${B}}' }, { name: '${', path: '${}' }]",
      want: [
        "1:18 models[0].name: expected ${NAME}, ${NAME:-default} or ${file:PATH}, got ${a b}: write $${ for a mere ${",
        "1:34 models[0].path: expected ${NAME}, ${NAME:-default} or ${file:PATH}, got ${A:-${B}: write $${ for a mere ${",
        "1:58 models[1].name: a reference has no end, expected } after ${",
        "1:70 models[1].path: expected ${NAME}, ${NAME:-default} or ${file:PATH}, got ${}: write $${ for a mere ${",
      ],
    },
  ]) {
    test(name, () => expect(problems(text)).toEqual(want));
  }
});

describe("a message shows the reference, not its value:", () => {
  for (const { name, text, want } of [
    {
      name: "of a text",
      text: "models: []\nserver: { rest: { port: ${file:token} } }",
      want: ["2:25 server.rest.port: expected a port from 0 (any free one) to 65535, or off, got ${file:token}"],
    },
    {
      name: "of a number",
      text: "models: [{ name: ${DIGITS}, path: /m }]",
      want: ["1:18 models[0].name: expected text, got ${DIGITS}: write it in quotes"],
    },
    {
      name: "of a part of a text",
      text: "models: [{ name: m, path: '${BUCKET}/m' }]",
      want: [
        "1:27 models[0].path: s3:// paths are not supported: mount the bucket or sync it to a local folder, and name that (${BUCKET}/m)",
      ],
    },
    {
      name: "of a word among words",
      text: "models: []\nserver: { logLevel: ${WORD} }",
      want: [
        '2:21 server.logLevel: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", got ${WORD}',
      ],
    },
    {
      name: "of a name that is elsewhere too",
      text: "models: [{ name: '${file:token}', path: /m }, { name: '${file:token}', path: /m }]\nroutes: [{ match: { model: s3cret-of-the-hous }, to: [{ version: 1 }] }]",
      want: [
        "1:55 models[1].name: ${file:token} is the name of models[0] already",
        '2:28 routes[0].match.model: no model is called "s3cret-of-the-hous" (did you mean ${file:token}?)',
      ],
    },
  ]) {
    test(name, () => expect(problems(text)).toEqual(want));
  }
});
