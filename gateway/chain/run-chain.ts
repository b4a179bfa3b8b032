import { type ChainStep, choiceFor } from "../../config/index.ts";
import { type ErrorCode, InferenceError, type ModelSpec } from "../../core/index.ts";
import type { Signature, TensorInfo } from "../../tensor/index.ts";
import { outputsOf } from "../answer-content.ts";
import type { Answer, CallBody, InferenceCall, Servable } from "../call.ts";
import { sayingAll } from "../expected.ts";
import { Decision, type Stage } from "../routing/index.ts";
import { attemptStage, type Steps, type Whereabouts } from "../steps.ts";
import { FirstBody } from "./first-body.ts";
import { StepBody } from "./step-body.ts";
import { type StepName, stepText, Values } from "./values.ts";

/**
 * Runs Predict through models one by one: the first gets the request, each later one takes its inputs by name from the outputs
 * before it, the latest first, else from the request. The last one's answer is that of the call. Each step is a call of its
 * own, routed, merged and sent again as any; the deadline and the client are those of the whole.
 */
export async function runChain(
  steps: Steps,
  decision: Decision,
  chain: readonly ChainStep[],
  mayWait: boolean,
  at: Whereabouts,
): Promise<Answer> {
  const { call } = decision;
  const [own] = chain as readonly [ChainStep, ...ChainStep[]];
  const first = new FirstBody({
    body: call.body,
    step: nameOf(call, own, 0),
    signature: own.target.signature,
    asked: call.spec.signature,
    renames: own.inputs,
    wantedLater: (target, signature) => wantedLater(steps, decision, chain, target, signature),
  });
  const run = (i: number, body: CallBody): Promise<Answer> => {
    const { decision: routing, stage } = routingOf(decision, chain[i] as ChainStep, body);
    return steps.retry(routing.call, () => attemptStage(steps, routing, stage, at), { mayWait });
  };

  let answer = await run(0, first);
  const values = new Values(first.request?.inputs ?? new Map());
  for (let i = 1; i < chain.length; i++) {
    const { target, inputs: renames } = chain[i] as ChainStep;
    values.add(nameOf(call, chain[i - 1] as ChainStep, i - 1), outputsOf(answer.content));
    const isLast = i === chain.length - 1;
    const body = new StepBody({
      step: nameOf(call, chain[i] as ChainStep, i),
      signature: target.signature ?? call.spec.signature,
      renames,
      values,
      outputFilter: isLast ? (first.request?.outputFilter ?? []) : [],
      readsAnswer: !isLast || call.body.readsAnswer === true,
    });
    try {
      answer = await run(i, body);
    } catch (thrown) {
      throw ofStep(InferenceError.from(thrown, "gateway"), nameOf(call, chain[i] as ChainStep, i), body);
    }
  }
  return answer;
}

function nameOf({ spec }: InferenceCall, { target }: ChainStep, i: number): StepName {
  return { number: i + 1, model: target.model ?? spec.name };
}

interface Routing {
  readonly decision: Decision;
  readonly stage: Extract<Stage, { by: "first" }>;
}

/** A step as a call with a route of its own. */
function routingOf({ call, route, key, chance }: Decision, { target }: ChainStep, body: CallBody): Routing {
  const { spec } = call;
  const own: ModelSpec = {
    name: target.model ?? spec.name,
    choice: choiceFor(target, spec.choice),
    signature: target.signature ?? spec.signature,
  };
  return {
    decision: new Decision({ ...call, spec: own, body }, route, key, chance),
    stage: { by: "first", targets: [target], arm: "" },
  };
}

/**
 * What later steps take of the request, and the first one's signature does not name, by the request's names: as far as can be told of
 * the versions that are available.
 */
function wantedLater(
  steps: Steps,
  decision: Decision,
  chain: readonly ChainStep[],
  target: Servable,
  signature: Signature,
): ReadonlyMap<string, TensorInfo> {
  const renames = chain[0]?.inputs;
  const there = new Set([...signature.inputs.keys()].map((input) => renames?.get(input) ?? input));
  let known: Signature | undefined = signature;
  const wanted = new Map<string, TensorInfo>();
  for (const step of chain.slice(1)) {
    for (const output of known.outputs.keys()) there.add(output);
    known = signatureOf(steps, routingOf(decision, step, decision.call.body));
    if (known === undefined) break;
    for (const [input, info] of known.inputs) {
      const source = step.inputs.get(input) ?? input;
      if (!there.has(source) && !wanted.has(source) && !known.defaults.has(input)) wanted.set(source, info);
    }
  }
  return wanted;
}

/** Undefined while no version of the step is available. */
function signatureOf(steps: Steps, { decision, stage }: Routing): Signature | undefined {
  try {
    const { target, call } = steps.routeStage(decision, stage);
    return target.signatures.get(call.spec.signature);
  } catch (thrown) {
    if (thrown instanceof InferenceError) return undefined;
    throw thrown;
  }
}

/** What a graph fails with that got something which it cannot work with. */
const OF_INPUTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_ARGUMENT",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNKNOWN",
]);

/** The error, which tells of which step it is and, where that may be why, what it has got. */
function ofStep(error: InferenceError, step: StepName, body: StepBody): InferenceError {
  const text = stepText(step);
  const doubt = OF_INPUTS.has(error.code) ? body.doubt() : undefined;
  const message = error.message.startsWith(text) ? error.message : `${text}: ${error.message}`;
  return sayingAll(error, doubt === undefined ? message : `${message}; ${doubt}`);
}
