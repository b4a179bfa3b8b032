import { expect, test } from "vitest";
import { type Config, ConfigError, parseConfigText } from "../../config/index.ts";

function route(keys: string): Config["routes"][number] | string {
  try {
    const text = `models: [{ name: m, path: /m }]\nroutes: [{ match: { model: m }, to: [{ version: 1 }], ${keys} }]`;
    return parseConfigText(text, "f").routes[0] as Config["routes"][number];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.message.replace(/^f:\d+:\d+ /, "");
  }
}

test("default outputs are taken as they are written", () => {
  expect(route("defaultOutputs: { y: 1.5, label: none, ok: false, scores: [[0, .nan], [1, 2]] }")).toMatchObject({
    defaultOutputs: new Map<string, unknown>([
      ["y", 1.5],
      ["label", "none"],
      ["ok", false],
      [
        "scores",
        [
          [0, Number.NaN],
          [1, 2],
        ],
      ],
    ]),
  });
});

for (const { keys, want } of [
  { keys: "defaultOutputs: {}", want: "routes[0].defaultOutputs: expected at least one output, got none" },
  {
    keys: "defaultOutputs: { y: [[1, 2], [3]] }",
    want: "routes[0].defaultOutputs.y: expected lists of one length and values of one kind",
  },
  {
    keys: "defaultOutputs: { y: [1, a] }",
    want: "routes[0].defaultOutputs.y: expected lists of one length and values of one kind",
  },
  {
    keys: "defaultOutputs: { y: [1, [2]] }",
    want: "routes[0].defaultOutputs.y: expected lists of one length and values of one kind",
  },
  {
    keys: "defaultOutputs: { y: { a: 1 } }",
    want: "routes[0].defaultOutputs.y: expected a number, text, true, false or a list of them, got a mapping",
  },
  {
    keys: "responseHeaders: { Content-Type: text/plain }",
    want: "routes[0].responseHeaders.Content-Type: content-type is written by the gateway itself",
  },
  {
    keys: "responseHeaders: { grpc-status: 0 }",
    want: "routes[0].responseHeaders.grpc-status: grpc-status is written by the gateway itself",
  },
  {
    keys: "responseHeaders: { x-tensorgate-arm: a }",
    want: "routes[0].responseHeaders.x-tensorgate-arm: x-tensorgate-arm is written by the gateway itself",
  },
  {
    keys: "responseHeaders: { x-id-bin: a }",
    want: "routes[0].responseHeaders.x-id-bin: expected the name of a header with a text, over gRPC -bin is for bytes",
  },
  {
    keys: "responseHeaders: { x~y: a }",
    want: 'routes[0].responseHeaders["x~y"]: expected letters, digits, "-", "_" and ".", as gRPC allows, got "x~y"',
  },
]) {
  test(`${keys} is refused`, () => expect(route(keys)).toBe(want));
}

test("response headers are in lower case", () => {
  expect(route("responseHeaders: { X-Team: ranking, x-n: 7 }")).toMatchObject({
    responseHeaders: new Map([
      ["x-team", "ranking"],
      ["x-n", "7"],
    ]),
  });
});
