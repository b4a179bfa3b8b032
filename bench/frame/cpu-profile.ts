/** The part of a `.cpuprofile` that is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
  /** Microseconds. */
  readonly startTime: number;
  readonly endTime: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[] | undefined;
}

/** A function with what it called, by time. */
export interface Frame {
  readonly name: string;
  /** "" for what isn't JavaScript. */
  readonly url: string;
  /** Microseconds, of what it called included. */
  micros: number;
  readonly called: Map<string, Frame>;
}

const IDLE = new Set(["(root)", "(idle)"]);

/** The calls of the last `lastMicros` of a profile, without the time that nothing was done. */
export function framesOf(profile: CpuProfile, lastMicros: number): Frame {
  const root: Frame = { name: "all", url: "", micros: 0, called: new Map() };
  const stacks = stacksOf(profile.nodes);
  let now = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    now += profile.timeDeltas[index] ?? 0;
    // A sample stands for the time until the next.
    const micros = Math.max(0, profile.timeDeltas[index + 1] ?? 0);
    const stack = stacks.get(id);
    if (stack === undefined || stack.length === 0 || now < profile.endTime - lastMicros) continue;
    add(root, stack, micros);
  }
  return root;
}

function add(root: Frame, stack: readonly ProfileNode["callFrame"][], micros: number): void {
  let frame = root;
  frame.micros += micros;
  for (const { functionName, url, lineNumber } of stack) {
    const name = functionName === "" ? "(anonymous)" : functionName;
    const key = `${name} ${url}:${lineNumber}`;
    let next = frame.called.get(key);
    if (next === undefined) {
      next = { name, url: url === "" ? "" : `${url}:${lineNumber + 1}`, micros: 0, called: new Map() };
      frame.called.set(key, next);
    }
    next.micros += micros;
    frame = next;
  }
}

/** By node, outermost first; empty for idle time. */
function stacksOf(nodes: readonly ProfileNode[]): Map<number, ProfileNode["callFrame"][]> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stacks = new Map<number, ProfileNode["callFrame"][]>();
  for (const { id } of nodes) {
    const stack: ProfileNode["callFrame"][] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame !== undefined && !IDLE.has(frame.functionName)) stack.push(frame);
    }
    stacks.set(id, stack.toReversed());
  }
  return stacks;
}
