import type { Backend } from "../backend.ts";
import type { InferenceMethod } from "../call.ts";
import { observedBody } from "../observe/index.ts";
import type { CallContext } from "./answer.ts";
import { parseBody, parseSpec } from "./parse.ts";

/** Predict, Classify, Regress and MultiInference: message bytes in, message bytes out. */
export async function infer(
  backend: Backend,
  method: InferenceMethod,
  message: Buffer,
  { observation, header, deadline, signal }: CallContext,
): Promise<Buffer> {
  const spec = parseSpec(method, message);
  observation.asksFor(spec);
  const body = observedBody(parseBody(method, message, spec), observation);
  const answer = await backend.serve({ method, spec, body, header, deadline, signal });
  observation.sentTo(answer.target);
  const bytes = answer.message;
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
