import type { StatusCode } from "../core/index.ts";
import type { Answer, InferenceCall, RoutedCall } from "./call.ts";
import type { OutputTypes } from "./output-types.ts";
import type { Decision, Stage } from "./routing/index.ts";
import type { Copies } from "./shadowing/index.ts";
import type { RetryBounds } from "./upstream/index.ts";

/** The steps of a request, each a module that can be read alone. */
export interface Steps {
  /** Takes the call in, or refuses it (draining, over a limit); counts it until disposed. */
  admit(call: InferenceCall): Disposable;
  /** The first route that applies to the call; undefined when none does. */
  decide(call: InferenceCall): Decision | undefined;
  /** Runs `attempt` until it answers, fails for good, or the deadline or the retry budget ends it. */
  retry(call: InferenceCall, attempt: () => Promise<Answer>, bounds?: RetryBounds): Promise<Answer>;
  /** Which version answers what no route applies to, by its spec and what is available at this moment. */
  resolve(call: InferenceCall): RoutedCall;
  /** Which version of those that a stage of a route names, at this moment. Throws when none is available. */
  routeStage(decision: Decision, stage: Exclude<Stage, { by: "chain" }>): RoutedCall;
  /** The copies that the route's shadows shall have of the call; undefined: none. */
  copiesOf(decision: Decision): Copies | undefined;
  /** Alone, or as one call with its neighbours; to one endpoint that has the version. */
  send(routed: RoutedCall): Promise<Answer>;
  /** Counts a stage of a route that a call has left, answered or not. */
  stageEnded(route: string, arm: string, code: StatusCode, seconds: number): void;
  /** For what routes answer by themselves. */
  readonly outputTypes: OutputTypes;
}

/** Where a call has come to within a stage of its route; undefined: no target was available when it was last looked. */
export interface Whereabouts {
  routed: RoutedCall | undefined;
}

/** One try, to one version. */
export function attempt(steps: Pick<Steps, "send">, routed: RoutedCall): Promise<Answer> {
  const { call, target } = routed;
  const preparing = call.body.prepare?.(target, call);
  return preparing === undefined ? steps.send(routed) : preparing.then(() => steps.send(routed));
}

/** The same, to the version that a stage of a route names at this moment; `at` is told. */
export function attemptStage(
  steps: Steps,
  decision: Decision,
  stage: Exclude<Stage, { by: "chain" }>,
  at: Whereabouts,
): Promise<Answer> {
  at.routed = undefined;
  at.routed = steps.routeStage(decision, stage);
  if (decision.route.config.defaultOutputs !== undefined) steps.outputTypes.saw(at.routed);
  return attempt(steps, at.routed);
}
