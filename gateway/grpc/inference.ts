import type { Bytes } from "../../core/index.ts";
import type { TensorForm } from "../../tensor/index.ts";
import { messagePiecesOf } from "../answer-content.ts";
import type { Backend } from "../backend.ts";
import type { InferenceMethod, Servable } from "../call.ts";
import { observedBody } from "../observe/index.ts";
import type { CallContext } from "./answer.ts";
import { explained } from "./explain.ts";
import { MessageBody, parseSpec } from "./parse.ts";

/** Predict, Classify, Regress and MultiInference: message bytes in, message bytes out; `form` is that of tensors in a message made here. */
export async function infer(
  backend: Backend,
  method: InferenceMethod,
  message: Bytes,
  { observation, header, client, deadline, signal, reply, release }: CallContext,
  form: TensorForm,
): Promise<Bytes> {
  const spec = parseSpec(method, message);
  observation.asksFor(spec);
  let target: Servable | undefined;
  const sentTo = (to: Servable): void => {
    target = to;
    observation.sentTo(to);
  };
  const own = new MessageBody(method, message, spec);
  const body = observedBody(own, { sentTo });
  const serve = backend.serve({ method, spec, body, header, client, deadline, signal, reply });
  const answer = await serve.catch((thrown: unknown) => {
    throw target === undefined ? thrown : explained(thrown, spec, target);
  });
  const isAnswered = answer.target !== undefined;
  if (isAnswered) observation.sentTo(answer.target);
  // A worker answers once it has read all of it. What was sent twice, or has had no answer, may still be on its way somewhere.
  if (isAnswered && own.sendings === 1 && !own.isShared) release?.();
  return messagePiecesOf(answer.content, form);
}
