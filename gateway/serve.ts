import type { Answer, InferenceCall, RoutedCall } from "./call.ts";

/** The steps of a request, each a module that can be read alone. */
export interface Steps {
  /** Takes the call in, or refuses it (draining, over a limit); counts it until disposed. */
  admit(call: InferenceCall): Disposable;
  /** Runs `attempt` until it answers, fails for good, or the deadline or the retry budget ends it. */
  retry(call: InferenceCall, attempt: () => Promise<Answer>): Promise<Answer>;
  /** Which version answers, by spec, routes and what is available at this moment. */
  route(call: InferenceCall): RoutedCall;
  /** Alone, or as one call with its neighbours; to one endpoint that has the version. */
  send(routed: RoutedCall): Promise<Answer>;
}

/**
 * The way of every request, whichever edge it came through. Routing is inside the attempt: a version that was unloaded,
 * or a worker that died meanwhile, is resolved again and not shown.
 */
export async function serve(steps: Steps, call: InferenceCall): Promise<Answer> {
  const admitted = steps.admit(call);
  // `using` would be compiled to some microseconds of helpers, here and in `rest/infer.ts`.
  try {
    return await steps.retry(call, () => {
      const routed = steps.route(call);
      const preparing = call.body.prepare?.(routed.target, call);
      return preparing === undefined ? steps.send(routed) : preparing.then(() => steps.send(routed));
    });
  } finally {
    admitted[Symbol.dispose]();
  }
}
