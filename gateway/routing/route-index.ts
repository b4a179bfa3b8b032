import { choiceKey } from "../../core/index.ts";
import type { Match, MatchedCall } from "./match.ts";
import type { Route } from "./route-table.ts";
import { asSent } from "./sent-text.ts";

/** Routes by what a request must ask for to be looked at by them. Each stands in it once. */
export interface RouteIndex {
  /** For requests that name neither version nor label. */
  readonly latest: Candidates | undefined;
  readonly byChoice: ReadonlyMap<string, Candidates>;
  /** Those that take any version. */
  readonly ofAny: Candidates | undefined;
}

/** Routes that want a certain value of a header, or a certain client, are found by it. */
interface Candidates {
  readonly byValue: readonly ByValue[];
  /** In the order of the file. */
  readonly others: readonly Route[];
}

interface ByValue {
  readonly aspect: Aspect;
  /** Each in the order of the file. */
  readonly routes: ReadonlyMap<string, readonly Route[]>;
}

/** A header by its name, or {@link CLIENT}. */
type Aspect = string;

/** No header is called so. */
const CLIENT: Aspect = "";

/** Fewer routes than this are looked at one by one. */
const WORTH_A_MAP = 8;

/** `routes` in the order of the file. */
export function indexRoutes(routes: readonly Route[]): RouteIndex {
  const latest: Route[] = [];
  const ofAny: Route[] = [];
  const byChoice = new Map<string, Route[]>();
  for (const route of routes) {
    const { choice } = route.match;
    if (choice.by === "latest") latest.push(route);
    else if (choice.by === "any") ofAny.push(route);
    else addTo(byChoice, choiceKey(choice), route);
  }
  return {
    latest: candidatesOf(latest),
    byChoice: byChoice.size === 0 ? NO_CHOICES : new Map([...byChoice].map(([key, same]) => [key, indexed(same)])),
    ofAny: candidatesOf(ofAny),
  };
}

const NO_CHOICES: RouteIndex["byChoice"] = new Map();

/** The first route before `best` that applies to the call, and whose part of the traffic it is in; else `best`. */
export function findRoute(
  { latest, byChoice, ofAny }: RouteIndex,
  call: MatchedCall,
  isInPart: (route: Route) => boolean,
  best: Route | undefined,
): Route | undefined {
  const { choice } = call.spec;
  const own = choice.by === "latest" ? latest : byChoice.get(choiceKey(choice));
  const found = own === undefined ? best : firstOf(own, call, isInPart, best);
  return ofAny === undefined ? found : firstOf(ofAny, call, isInPart, found);
}

function firstOf(
  { byValue, others }: Candidates,
  call: MatchedCall,
  isInPart: (route: Route) => boolean,
  best: Route | undefined,
): Route | undefined {
  let found = best;
  for (const { aspect, routes } of byValue) {
    const value = aspect === CLIENT ? call.client : call.header(aspect);
    const wanting = value === undefined ? undefined : routes.get(value);
    if (wanting !== undefined) found = firstIn(wanting, call, isInPart, found);
  }
  return firstIn(others, call, isInPart, found);
}

function firstIn(
  routes: readonly Route[],
  call: MatchedCall,
  isInPart: (route: Route) => boolean,
  best: Route | undefined,
): Route | undefined {
  for (const route of routes) {
    if (best !== undefined && route.order > best.order) break;
    if (route.match.mismatch(call) === undefined && isInPart(route)) return route;
  }
  return best;
}

function candidatesOf(routes: readonly Route[]): Candidates | undefined {
  return routes.length === 0 ? undefined : indexed(routes);
}

/** Of several values that a route wants, the one whose aspect is the commonest finds it. */
function indexed(routes: readonly Route[]): Candidates {
  if (routes.length < WORTH_A_MAP) return { byValue: [], others: routes };
  const counts = new Map<Aspect, number>();
  for (const { match } of routes) {
    for (const { aspect } of wantedValues(match)) counts.set(aspect, (counts.get(aspect) ?? 0) + 1);
  }
  const countOf = ({ aspect }: WantedValue): number => counts.get(aspect) ?? 0;
  const byValue = new Map<Aspect, Map<string, Route[]>>();
  const others: Route[] = [];
  for (const route of routes) {
    const [wanted] = wantedValues(route.match).sort((a, b) => countOf(b) - countOf(a));
    if (wanted === undefined || countOf(wanted) < WORTH_A_MAP) {
      others.push(route);
      continue;
    }
    const values = byValue.get(wanted.aspect) ?? new Map<string, Route[]>();
    byValue.set(wanted.aspect, values);
    addTo(values, wanted.value, route);
  }
  return { byValue: Array.from(byValue, ([aspect, routes]) => ({ aspect, routes })), others };
}

interface WantedValue {
  readonly aspect: Aspect;
  readonly value: string;
}

function wantedValues({ headers, client }: Match): WantedValue[] {
  const wanted = headers.flatMap(({ name, match }) =>
    match.by === "exact" ? { aspect: name, value: asSent(match.value) } : [],
  );
  return client?.by === "exact" ? [...wanted, { aspect: CLIENT, value: client.value }] : wanted;
}

function addTo(lists: Map<string, Route[]>, key: string, route: Route): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [route]);
  else list.push(route);
}
