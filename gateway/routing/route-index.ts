import type { VersionChoice } from "../../core/index.ts";
import type { MatchedCall } from "./match.ts";
import type { Route } from "./route-table.ts";

/** The routes of one model, by what a request must ask for to be looked at by them. */
export interface RouteIndex {
  readonly byChoice: ReadonlyMap<string, Candidates>;
  /** For what no route names: those that take any version. */
  readonly otherwise: Candidates | undefined;
}

/** Routes in the order of the file; those that want a certain value of one header are found by it. */
interface Candidates {
  readonly header: string | undefined;
  readonly byValue: ReadonlyMap<string, readonly Route[]>;
  readonly others: readonly Route[];
}

/** Fewer routes than this are looked at one by one. */
const WORTH_A_MAP = 8;

const NONE: readonly Route[] = [];

/** `routes` in the order of the file. */
export function indexRoutes(routes: readonly Route[]): RouteIndex {
  const keys = new Set(routes.flatMap(({ match }) => (match.choice.by === "any" ? [] : choiceKey(match.choice))));
  const taking = (key: string | undefined): readonly Route[] =>
    routes.filter(({ match: { choice } }) => choice.by === "any" || choiceKey(choice) === key);
  const ofAny = taking(undefined);
  return {
    byChoice: new Map([...keys].map((key) => [key, candidatesOf(taking(key))])),
    otherwise: ofAny.length === 0 ? undefined : candidatesOf(ofAny),
  };
}

/** The first route that applies to the call, and whose part of the traffic it is in. */
export function findRoute(
  index: RouteIndex,
  call: MatchedCall,
  isInPart: (route: Route) => boolean,
): Route | undefined {
  const candidates = index.byChoice.get(choiceKey(call.spec.choice)) ?? index.otherwise;
  if (candidates === undefined) return undefined;
  const { header, byValue, others } = candidates;
  const value = header === undefined ? undefined : call.header(header);
  const byHeader = (value === undefined ? undefined : byValue.get(value)) ?? NONE;
  let i = 0;
  let j = 0;
  for (;;) {
    const [a, b] = [byHeader[i], others[j]];
    const isNext = a !== undefined && (b === undefined || a.order < b.order);
    const route = isNext ? a : b;
    if (route === undefined) return undefined;
    if (isNext) i++;
    else j++;
    if (route.match.mismatch(call) === undefined && isInPart(route)) return route;
  }
}

/** What a request asks for, as a key. */
function choiceKey(choice: VersionChoice): string {
  switch (choice.by) {
    case "latest":
      return "";
    case "version":
      return `v${choice.version}`;
    case "label":
      return `l${choice.label}`;
  }
}

function candidatesOf(routes: readonly Route[]): Candidates {
  const header = commonest(routes.flatMap((route) => wantedValues(route).map(({ name }) => name)));
  if (header === undefined) return { header, byValue: new Map(), others: routes };
  const byValue = new Map<string, Route[]>();
  const others: Route[] = [];
  for (const route of routes) {
    const wanted = wantedValues(route).find(({ name }) => name === header);
    if (wanted === undefined) others.push(route);
    else {
      const same = byValue.get(wanted.value);
      if (same === undefined) byValue.set(wanted.value, [route]);
      else same.push(route);
    }
  }
  return { header, byValue, others };
}

function wantedValues({ match }: Route): { readonly name: string; readonly value: string }[] {
  return match.headers.flatMap(({ name, match }) => (match.by === "exact" ? { name, value: match.value } : []));
}

/** Undefined when none comes often enough to be worth a map. */
function commonest(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first !== undefined && first[1] >= WORTH_A_MAP ? first[0] : undefined;
}
