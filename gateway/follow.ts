import { InferenceError, type ModelName, timeLeftMs } from "../core/index.ts";
import type { Answer, InferenceCall, RoutedCall } from "./call.ts";
import type { Decision, Stage } from "./routing/index.ts";
import { attempt, type Steps } from "./steps.ts";

/** The way of a call to which a route applies, with what its shadows get of it. */
export function follow(steps: Steps, decision: Decision): Promise<Answer> {
  if (decision.route.config.shadows.length === 0) return answered(steps, decision);
  const copies = steps.copiesOf(decision);
  const answering = answered(steps, decision);
  return copies === undefined ? answering : copies.after(answering);
}

/**
 * Asks the route's own targets, then those of its fallback one by one, until one answers. What a stage without any available
 * target fails with always leads to the next; other failures only where the route says so.
 */
async function answered(steps: Steps, decision: Decision): Promise<Answer> {
  const { call, route } = decision;
  const { stages } = route;
  const afterMs = route.config.fallback?.afterMs;
  for (let i = 0; ; i++) {
    const stage = stages[i] as Stage;
    const isLast = i === stages.length - 1;
    const limited = isLast || afterMs === undefined ? decision : decision.within(afterMs);
    let routed: RoutedCall | undefined;
    try {
      const models = stageModels(stage, call);
      return await steps.retry(
        limited.call,
        () => {
          routed = undefined;
          if (stage.by === "chain") throw new InferenceError("UNIMPLEMENTED", "chains are not there yet");
          routed = steps.routeStage(limited, stage);
          return attempt(steps, routed);
        },
        { mayWait: isLast, models },
      );
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      const mayGoOn = routed === undefined || route.fallsBackOn.has(error.code);
      if (isLast || !mayGoOn || call.signal.aborted || timeLeftMs(call.deadline) === 0) throw error;
    }
  }
}

function stageModels(stage: Stage, { spec }: InferenceCall): readonly ModelName[] {
  switch (stage.by) {
    case "first":
      return stage.targets.map(({ model }) => model ?? spec.name);
    case "chance":
      return stage.arms.map(({ target }) => target.model ?? spec.name);
    case "chain":
      return stage.steps.map(({ target }) => target.model ?? spec.name);
  }
}
