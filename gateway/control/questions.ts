import { type ErrorCode, InferenceError, type Logger, type Origin } from "../../core/index.ts";
import type { Control } from "./control.ts";

/** A call of {@link Control}, on its way to the process that keeps the configuration. */
export interface Question {
  readonly method: keyof Control;
  readonly args: readonly unknown[];
}

export type Reply =
  | { readonly is: "answer"; readonly value: unknown }
  | { readonly is: "error"; readonly code: ErrorCode; readonly message: string; readonly origin: Origin };

const METHODS: Readonly<Record<keyof Control, true>> = {
  facts: true,
  status: true,
  reload: true,
  replaceModels: true,
  metrics: true,
  models: true,
  addModel: true,
  putModel: true,
  removeModel: true,
  ramp: true,
};

/** The control of another process. */
export function remoteControl(ask: (question: Question) => Promise<Reply>): Control {
  const call = async (method: keyof Control, args: readonly unknown[]): Promise<unknown> => {
    const reply = await ask({ method, args });
    if (reply.is === "answer") return reply.value;
    throw new InferenceError(reply.code, reply.message, { origin: reply.origin });
  };
  const methods = Object.keys(METHODS) as (keyof Control)[];
  const made = methods.map((method) => [method, (...args: unknown[]) => call(method, args)] as const);
  return Object.fromEntries(made) as unknown as Control;
}

/** Answers a question of another process; never fails. */
export async function replyTo(control: Control, { method, args }: Question, log: Logger): Promise<Reply> {
  try {
    const asked = control[method].bind(control) as (...args: readonly unknown[]) => Promise<unknown>;
    return { is: "answer", value: await asked(...args) };
  } catch (thrown) {
    const { code, message, origin } = InferenceError.from(thrown, "gateway");
    if (!(thrown instanceof InferenceError)) log.error({ err: thrown }, "unexpected error");
    return { is: "error", code, message, origin };
  }
}
