import { choiceKey } from "../../core/index.ts";
import type { Config } from "../schema/config.ts";
import type { RouteMatch } from "../schema/match.ts";
import type { RouteConfig } from "../schema/routes.ts";
import { coversMatch } from "./covers.ts";
import type { CheckFinding } from "./finding.ts";

/**
 * Routes that no request ever comes to, since one before them takes everything that they would take. Only what is sure is
 * told: two routes that together leave nothing to a third are not looked for. Ten thousand routes, one for each tenant or
 * model, are held against few others each.
 */
export function unreachableRoutes({ routes }: Pick<Config, "routes">): CheckFinding[] {
  const earlier = new Map<string, number[]>();
  const findings: CheckFinding[] = [];
  for (const [i, { match }] of routes.entries()) {
    const candidates = asked(match).flatMap((key) => earlier.get(key) ?? []);
    const cover = candidates
      .sort((a, b) => a - b)
      .find((each) => coversMatch((routes[each] as RouteConfig).match, match));
    if (cover !== undefined) {
      const { name, place } = routes[cover] as RouteConfig;
      const where = [name, place === "" ? "" : `(${place})`].filter((text) => text !== "").join(" ");
      const message = `is never reached: ${where} takes every request that this one would take`;
      findings.push({ severity: "error", path: ["routes", i], message });
    }
    const key = wanted(match);
    const known = earlier.get(key);
    if (known === undefined) earlier.set(key, [i]);
    else known.push(i);
  }
  return findings;
}

const ANY = undefined;

/** What a later route has to want too for this one to cover it: at most one of its exact conditions of each kind. */
function wanted({ model, choice, headers, client }: RouteMatch): string {
  const header = [...headers].find(([, match]) => match.by === "exact");
  return keyOf(
    model?.by === "exact" ? model.value : ANY,
    choice.by === "any" ? ANY : choiceKey(choice),
    header?.[1].by === "exact" ? [header[0], header[1].value] : ANY,
    client?.by === "exact" ? client.value : ANY,
  );
}

/** Under which keys the routes stand that may cover this one. */
function asked({ model, choice, headers, client }: RouteMatch): readonly string[] {
  const models = model?.by === "exact" ? [ANY, model.value] : [ANY];
  const choices = choice.by === "any" ? [ANY] : [ANY, choiceKey(choice)];
  const exact = [...headers].flatMap(([name, match]) => (match.by === "exact" ? [[name, match.value] as const] : []));
  const clients = client?.by === "exact" ? [ANY, client.value] : [ANY];
  const headerKeys = [ANY, ...exact];
  return models.flatMap((one) =>
    choices.flatMap((what) => headerKeys.flatMap((header) => clients.map((who) => keyOf(one, what, header, who)))),
  );
}

function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts.map((part) => part ?? null));
}
