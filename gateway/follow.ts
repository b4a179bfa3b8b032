import { InferenceError, type ModelName, timeLeftMs } from "../core/index.ts";
import type { Answer, InferenceCall } from "./call.ts";
import { runChain } from "./chain/index.ts";
import { defaultAnswer } from "./default-outputs.ts";
import { endedWith } from "./ended.ts";
import { addRouteHeaders } from "./route-headers.ts";
import type { Decision, Stage } from "./routing/index.ts";
import { attemptStage, type Steps, type Whereabouts } from "./steps.ts";

/** The way of a call to which a route applies, with what its shadows get of it. */
export function follow(steps: Steps, decision: Decision): Promise<Answer> {
  if (decision.route.config.shadows.length === 0) return answered(steps, decision);
  const copies = steps.copiesOf(decision);
  const answering = answered(steps, decision);
  return copies === undefined ? answering : copies.after(answering);
}

/**
 * Asks the route's own targets, then those of its fallback one by one, until one answers; then there is what the route answers by
 * itself. A stage without any available target always leads to the next, and nobody waits for its workers; other failures only
 * where the route says so. Only the last stage may take all the time that is left.
 */
async function answered(steps: Steps, decision: Decision): Promise<Answer> {
  const { call, route } = decision;
  const { stages, config, fallsBackOn } = route;
  const afterMs = config.fallback?.afterMs;
  if (stages[0]?.by === "chain" && call.method !== "Predict") throw noChain(decision);
  const hasDefaults = config.defaultOutputs !== undefined && call.method === "Predict";
  for (let i = 0; ; i++) {
    const stage = stages[i] as Stage;
    const isLast = i === stages.length - 1;
    const isEnd = isLast && !hasDefaults;
    const limited = isEnd || afterMs === undefined ? decision : decision.within(afterMs);
    const at: Whereabouts = { routed: undefined };
    const startedMs = performance.now();
    const ended = (arm: string, code: Parameters<typeof endedWith>[0]): void =>
      steps.stageEnded(
        route.name,
        arm,
        endedWith(code, call.deadline, call.signal),
        (performance.now() - startedMs) / 1000,
      );
    try {
      const answer = await runStage(steps, limited, stage, isEnd, at);
      ended(answer.arm, "OK");
      addRouteHeaders(call, route, answer.arm, answer.target);
      return answer;
    } catch (thrown) {
      const error = InferenceError.from(thrown, "gateway");
      const { routed } = at;
      const arm = routed?.arm ?? (stage.by === "first" ? stage.arm : "");
      ended(arm, error.code);
      const mayGoOn = (routed === undefined || fallsBackOn.has(error.code)) && !call.signal.aborted;
      if (mayGoOn && !isLast && timeLeftMs(call.deadline) > 0) continue;
      const answer = mayGoOn ? defaultAnswer(call, route, steps.outputTypes) : undefined;
      if (answer !== undefined) ended(answer.arm, "OK");
      addRouteHeaders(
        call,
        route,
        answer === undefined ? arm : answer.arm,
        answer === undefined ? routed?.target : undefined,
      );
      if (answer === undefined) throw error;
      return answer;
    }
  }
}

function noChain({ call, route }: Decision): InferenceError {
  const sentence = `route "${route.name}" is a chain of models, which only Predict goes through, not ${call.method}`;
  return new InferenceError("INVALID_ARGUMENT", sentence);
}

async function runStage(
  steps: Steps,
  decision: Decision,
  stage: Stage,
  mayWait: boolean,
  at: Whereabouts,
): Promise<Answer> {
  if (stage.by === "chain") return await runChain(steps, decision, stage.steps, mayWait, at);
  const { call } = decision;
  return await steps.retry(call, () => attemptStage(steps, decision, stage, at), {
    mayWait,
    models: stageModels(stage, call),
  });
}

function stageModels(stage: Exclude<Stage, { by: "chain" }>, { spec }: InferenceCall): readonly ModelName[] {
  const targets = stage.by === "first" ? stage.targets : stage.arms.map(({ target }) => target);
  return targets.map(({ model }) => model ?? spec.name);
}
