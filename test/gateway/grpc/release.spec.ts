import { expect, test } from "vitest";
import { CallController, InferenceError, LATEST, modelName, NO_DEADLINE } from "../../../core/index.ts";
import type { InferenceCall, Servable } from "../../../gateway/call.ts";
import { infer } from "../../../gateway/grpc/inference.ts";
import { dtypeNamed, encodePredictRequest, packedTensor } from "../../../tensor/index.ts";
import { createTestBackend } from "../setup/backend.ts";

const NOTHING = { asksFor() {}, sentBy() {}, sentTo() {}, end() {} };
const X = packedTensor(dtypeNamed("float"), [1], new Uint8Array(4));
const MESSAGE = encodePredictRequest(
  { spec: { name: modelName("half"), choice: LATEST, signature: "" }, inputs: new Map([["x", X]]), outputFilter: [] },
  "content",
);

/** Its memory may be used again only when nobody can still look at it. */
for (const { name, use, answeredBy = "version", want } of [
  {
    name: "that was sent once, and answered, is released",
    use: ({ body }: InferenceCall, target: Servable) => void body.messageFor(target),
    want: 1,
  },
  {
    name: "that was sent a second time is not",
    use: ({ body }: InferenceCall, target: Servable) => {
      body.messageFor(target);
      body.messageFor(target);
    },
    want: 0,
  },
  {
    name: "whose tensors were looked at, as for joining them, is not",
    use: ({ body }: InferenceCall, target: Servable) => {
      body.inputsFor?.(target);
      body.messageFor(target);
    },
    want: 0,
  },
  {
    name: "of which a copy will be sent is not",
    use: ({ body }: InferenceCall, target: Servable) => {
      body.copy?.();
      body.messageFor(target);
    },
    want: 0,
  },
  {
    name: "that was sent once, and which nobody but its route has answered, is not",
    use: ({ body }: InferenceCall, target: Servable) => void body.messageFor(target),
    answeredBy: "route",
    want: 0,
  },
  {
    name: "that was never sent is not",
    use: () => {},
    want: 0,
  },
  {
    name: "whose call fails is not",
    use: ({ body }: InferenceCall, target: Servable) => {
      body.messageFor(target);
      throw new InferenceError("UNAVAILABLE", "gone");
    },
    want: 0,
  },
]) {
  test(`a message ${name}`, async () => {
    const backend = createTestBackend();
    backend.serveWith = async (call, target) => {
      use(call, target);
      return {
        target: answeredBy === "route" ? undefined : target,
        arm: "",
        content: { is: "message", message: new Uint8Array(0) },
      };
    };
    let released = 0;
    const context = {
      observation: NOTHING,
      header: () => undefined,
      client: undefined,
      deadline: NO_DEADLINE,
      signal: new CallController(),
      release: () => void released++,
    };
    await infer(backend, "Predict", MESSAGE, context, "typed").catch(() => {});
    expect(released).toBe(want);
  });
}
