import { expect, test } from "vitest";
import { parseRequestBody, requestRows } from "../../../tensor/index.ts";

const LONG = JSON.stringify(Array.from({ length: 300 }, (_, i) => [i, i]));

for (const { body, want } of [
  { body: '{"instances":[1,2,3]}', want: 3 },
  { body: '{"instances":[]}', want: 0 },
  { body: '{"instances":[{"x":[1,2]},{"x":[3,4]}]}', want: 2 },
  { body: '{"instances":["a,[","b",{"b64":"YQ=="}]}', want: 3 },
  { body: `{"instances":${LONG}}`, want: 300 },
  { body: '{"inputs":[[1],[2]]}', want: 2 },
  { body: '{"inputs":{"x":[[1],[2]],"y":[1,2,3]}}', want: 2 },
  { body: `{"inputs":{"x":${LONG}}}`, want: 300 },
  { body: '{"inputs": { "x" : 7, "y": [1] } }', want: undefined },
  { body: '{"inputs":{"b64":"YQ=="}}', want: undefined },
  { body: '{"inputs":5}', want: undefined },
  { body: '{"inputs":{}}', want: undefined },
  { body: '{"signature_name":"s"}', want: undefined },
]) {
  test(`${body.slice(0, 50)} has ${want ?? "no"} rows`, () => {
    expect(requestRows(parseRequestBody(Buffer.from(body)))).toBe(want);
  });
}

test("a body whose memory has moved elsewhere still tells what was read of it", () => {
  const body = parseRequestBody(new Uint8Array(Buffer.from(`{"instances":${LONG}}`)));
  structuredClone(body.bytes, { transfer: [body.bytes.buffer as ArrayBuffer] });
  expect(requestRows(body)).toBe(300);
  const short = parseRequestBody(new Uint8Array(Buffer.from('{"instances":["a","b"]}')));
  structuredClone(short.bytes, { transfer: [short.bytes.buffer as ArrayBuffer] });
  expect(requestRows(short)).toBe(undefined);
});
