import { expect, test } from "vitest";
import { modelName, version } from "../../core/index.ts";
import { messageOf, outputsOf } from "../../gateway/answer-content.ts";
import { dtypeNamed, encodePredictResponse, packedTensor } from "../../tensor/index.ts";

const spec = { name: modelName("m"), version: version(3), signature: "serving_default" };
const outputs = new Map([["y", packedTensor(dtypeNamed("float"), [1], new Uint8Array(Float32Array.of(2.5).buffer))]]);

test("an answer in parts is the message that a worker would have sent, in typed fields unless told otherwise", () => {
  expect(messageOf({ is: "outputs", spec, outputs })).toEqual(encodePredictResponse(spec, outputs, "typed"));
  const inContent = messageOf({ is: "outputs", spec, outputs }, "content");
  expect(inContent).toEqual(encodePredictResponse(spec, outputs, "content"));
});

test("a message stays the bytes that it is, and is read where its outputs are wanted", () => {
  const message = encodePredictResponse(spec, outputs, "content");
  expect(messageOf({ is: "message", message })).toBe(message);
  expect(outputsOf({ is: "message", message })).toEqual(outputs);
  expect(outputsOf({ is: "outputs", spec, outputs })).toBe(outputs);
});
