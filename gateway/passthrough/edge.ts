import type { ServerResponse } from "node:http";
import type { InferenceError } from "../../core/index.ts";

/** The edge that a request has come through, which answers what the gateway has to answer itself. */
export interface PassEdge {
  /** Whether answers are the last ones of their connections. */
  readonly draining: () => boolean;
  /** Who asks, by the name of a known client; throws UNAUTHENTICATED for who is not let in. */
  readonly clientOf: (header: (name: string) => string | undefined) => string | undefined;
  /** An error in the edge's form; without a status it is by its code. */
  readonly answerOf: (error: InferenceError, status: number | undefined) => OwnAnswer;
  /** `unread`: the client may still be sending a body that nobody wants. */
  readonly send: (response: ServerResponse, answer: OwnAnswer, unread: boolean) => void;
}

export interface OwnAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}
