import { targetsOf } from "./check/route-findings.ts";
import type { ModelConfig } from "./schema/models.ts";
import type { RouteConfig } from "./schema/routes.ts";

/**
 * Why a model that is served beside those of the files may not become `next` (undefined: be removed): a route names it, or a
 * label that it would not have. The same rules as for routes of a file that is read.
 */
export function neededByRoute(
  routes: readonly RouteConfig[],
  name: string,
  next: Pick<ModelConfig, "labels"> | undefined,
): string | undefined {
  for (const route of routes) {
    const asked = route.match.model?.by === "exact" ? route.match.model.value : undefined;
    const choices = targetsOf(route).flatMap(({ target }) => ((target.model ?? asked) === name ? target.choice : []));
    const called = `route "${route.name}"${route.place === "" ? "" : ` (${route.place})`}`;
    if (next === undefined) {
      if (choices.length > 0) return `${called} names it`;
      continue;
    }
    // Also of requests that the route sends to other models.
    const all = asked === name ? [...choices, route.match.choice] : choices;
    const lost = all.find((choice) => choice.by === "label" && !next.labels.has(choice.label));
    if (lost?.by === "label") return `${called} names its label "${lost.label}"`;
  }
  return undefined;
}
