import { type Deadline, LATEST, modelName, NO_DEADLINE, type VersionChoice } from "../../../core/index.ts";
import type { InferenceCall } from "../../../gateway/call.ts";

export interface CallDraft {
  readonly model?: string;
  readonly choice?: VersionChoice;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly deadline?: Deadline;
  readonly signal?: AbortSignal;
}

/** A Predict call whose message is a text. */
export function aCall(draft: CallDraft = {}): InferenceCall {
  const { model = "m", choice = LATEST, text = "", headers = {}, deadline = NO_DEADLINE } = draft;
  return {
    method: "Predict",
    spec: { name: modelName(model), choice, signature: "" },
    body: { messageFor: () => Buffer.from(text) },
    header: (name) => headers[name],
    deadline,
    signal: draft.signal ?? new AbortController().signal,
  };
}
