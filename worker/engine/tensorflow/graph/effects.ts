import type { Signature, Signatures } from "../../../../tensor/index.ts";
import type { Effect } from "../../engine.ts";
import { effectOfOp } from "./effect-rules.ts";
import type { GraphNode, GraphOutline } from "./graph-def.ts";
import type { OpList } from "./op-list.ts";

/**
 * By signature, what a run of it does beside answering its inputs; one that is missing has no effect. What of a function's
 * body runs is the runtime's choice (it keeps stateful nodes whether or not something asks for them), so all of a body
 * counts; of the graph, what the outputs are reached from.
 */
export function effectsOf(graph: GraphOutline, ops: OpList, signatures: Signatures): ReadonlyMap<string, Effect> {
  const bodies = new Map<string, Doing>();
  const bodyOf = (name: string): Doing => {
    const known = bodies.get(name) ?? doingOf(graph.functions.get(name) ?? [], graph, ops);
    bodies.set(name, known);
    return known;
  };
  const effects = new Map<string, Effect>();
  for (const [key, signature] of signatures) {
    const { effect, calls } = doingOf(nodesOf(graph, signature), graph, ops);
    const worst = worse(effect, effectOfCalls(calls, bodyOf));
    if (worst !== undefined) effects.set(key, worst);
  }
  return effects;
}

/** What some nodes do themselves, and the functions that they may call. */
interface Doing {
  readonly effect: Effect | undefined;
  readonly calls: ReadonlySet<string>;
}

function doingOf(nodes: Iterable<GraphNode>, { functions }: GraphOutline, ops: OpList): Doing {
  let effect: Effect | undefined;
  const calls = new Set<string>();
  for (const node of nodes) {
    for (const called of node.functions) calls.add(called);
    if (functions.has(node.op)) calls.add(node.op);
    else if (ops.isStateful(node.op)) effect = worse(effect, effectOfNode(node, ops));
  }
  return { effect, calls };
}

function effectOfNode({ name, op }: GraphNode, ops: OpList): Effect | undefined {
  const effect = ops.has(op) ? effectOfOp(op) : { lasts: true, does: "is not known" };
  return effect === undefined ? undefined : { lasts: effect.lasts, told: `${op} (node "${name}") ${effect.does}` };
}

/** Of functions, and of those that they call in turn. */
function effectOfCalls(calls: ReadonlySet<string>, bodyOf: (name: string) => Doing): Effect | undefined {
  let effect: Effect | undefined;
  const reached = new Set(calls); // grows while it is gone through
  for (const name of reached) {
    const body = bodyOf(name);
    effect = worse(effect, body.effect);
    for (const called of body.calls) reached.add(called);
  }
  return effect;
}

/** What lasts goes first, else what was found first. */
function worse(one: Effect | undefined, other: Effect | undefined): Effect | undefined {
  return one === undefined || (other?.lasts === true && !one.lasts) ? other : one;
}

/** The nodes that run for the signature's outputs. What is fed takes the place of the node that would have made it. */
function nodesOf({ nodes }: GraphOutline, { inputs, outputs }: Signature): Iterable<GraphNode> {
  const fed = new Set(Array.from(inputs.values(), ({ name }) => tensorName(name)));
  const reached = new Set<GraphNode>();
  const ahead = Array.from(outputs.values(), ({ name }) => name);
  for (let input = ahead.pop(); input !== undefined; input = ahead.pop()) {
    const node = fed.has(tensorName(input)) ? undefined : nodes.get(nodeName(input));
    if (node === undefined || reached.has(node)) continue;
    reached.add(node);
    for (const next of node.inputs) ahead.push(next);
  }
  return reached;
}

/** `x` is `x:0`; `^x` stays. */
function tensorName(input: string): string {
  return input.startsWith("^") || /:\d+$/.test(input) ? input : `${input}:0`;
}

function nodeName(input: string): string {
  return input.replace(/^\^/, "").replace(/:\d+$/, "");
}
