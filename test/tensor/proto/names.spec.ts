import { expect, test } from "vitest";
import { decodePredictRequest, encodePredictRequest } from "../../../tensor/index.ts";

test("any number of names, short and long, is written right the first time and the next", () => {
  const names = Array.from({ length: 2500 }, (_, i) => (i % 2 === 0 ? `имя ${i}` : `${"long ".repeat(20)}${i}`));
  for (const round of ["first", "next"]) {
    for (const name of names) {
      const request = { spec: undefined, inputs: new Map(), outputFilter: [name, "y"] };
      expect(decodePredictRequest(encodePredictRequest(request, "typed")).outputFilter, round).toEqual([name, "y"]);
    }
  }
});

test("what is written stays as it is when the next message is written", () => {
  const messages = Array.from({ length: 200 }, (_, i) => write(`name ${i}`));
  expect(messages.map((message) => decodePredictRequest(message).outputFilter[0])).toEqual(
    messages.map((_, i) => `name ${i}`),
  );
});

function write(name: string): Uint8Array {
  return encodePredictRequest({ spec: undefined, inputs: new Map(), outputFilter: [name] }, "typed");
}
