import type { InferenceCall } from "./call.ts";
import { type Availability, type Decision, type Explanation, explain, type RouteTable } from "./routing/index.ts";

const NAME = "x-tensorgate-explain";

/** Proxies and clients take some kilobytes of headers in all. */
const MAX_LENGTH = 4096;

/** Tells a client that has asked for it, by `x-tensorgate-explain: 1`, where its call goes and why. */
export function addExplanation(
  table: RouteTable,
  available: Availability,
  call: InferenceCall,
  decision: Decision | undefined,
): void {
  if (call.reply === undefined || call.header(NAME) !== "1") return;
  call.reply.addHeader(NAME, headerJson(explain(table, available, decision ?? call)));
}

/** What is too long goes without the routes that don't apply, then without what else its route has. */
function headerJson(explanation: Explanation): string {
  const { passedOver, morePassedOver, route, ...others } = explanation;
  const passed = { passedOver: [], morePassedOver: morePassedOver + passedOver.length };
  const short = { ...others, ...passed, ...(route === undefined ? {} : { route }) };
  const { name, place } = route ?? {};
  const shortest = { ...others, ...passed, ...(route === undefined ? {} : { route: { name, place } }) };
  const texts = [explanation, short, shortest].map(asciiJson);
  return texts.find(({ length }) => length <= MAX_LENGTH) ?? (texts.at(-1) as string);
}

function asciiJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
