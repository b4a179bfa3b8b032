import { type ErrorCode, InferenceError, type InferenceErrorOptions } from "../../core/index.ts";
import type { Body } from "./body.ts";
import { httpStatus, TOO_LARGE } from "./status.ts";

/** A request whose body was not taken. */
export class BodyRefused extends InferenceError {
  /** Of the answer: the code alone does not tell it. */
  readonly status: number;

  constructor({ is }: Exclude<Body, { is: "read" }>, maxBytes: number) {
    const [code, message, options] = reasonOf(is, maxBytes);
    super(code, message, options);
    this.status = is === "too large" ? TOO_LARGE : httpStatus(code);
  }
}

type Reason = readonly [code: ErrorCode, message: string, options?: InferenceErrorOptions];

function reasonOf(is: Exclude<Body["is"], "read">, maxBytes: number): Reason {
  switch (is) {
    case "cut off":
      return ["CANCELLED", "the client went away before its body had come"];
    case "no room":
      return ["UNAVAILABLE", "the bodies of requests under way leave no memory for this one", { retryAfterMs: 1000 }];
    case "too large":
      return ["RESOURCE_EXHAUSTED", `the body is longer than ${maxBytes} bytes`, { origin: "client" }];
  }
}
