import type { Asked, ExplainedRoute, ExplainedTarget, Explanation } from "./explanation.ts";

/** The explanation as lines for a person; the last ones tell the outcome. */
export function describeExplanation(explanation: Explanation): string {
  const { asked, route, passedOver, morePassedOver } = explanation;
  const lines = [`request    ${askedText(asked)}`];
  for (const { name, place, because } of passedOver) lines.push(`not        ${named(name, place)}: ${because}`);
  if (morePassedOver > 0) lines.push(`not        ${morePassedOver} more routes`);
  if (route === undefined) lines.push("route      none");
  else lines.push(...routeLines(route, explanation));
  lines.push(...outcomeLines(explanation));
  return `${lines.join("\n")}\n`;
}

function askedText({ model, version, label, signature, client }: Asked): string {
  const which = version === undefined ? (label === undefined ? "no version" : `label ${label}`) : `version ${version}`;
  return `model ${model}, ${which}, signature ${signature}${client === undefined ? "" : `, client ${client}`}`;
}

function named(name: string, place: string): string {
  return place === "" ? name : `${name} (${place})`;
}

function routeLines(route: ExplainedRoute, { arm }: Explanation): readonly string[] {
  const lines = [`route      ${named(route.name, route.place)}`];
  for (const condition of route.because) lines.push(`             ${condition}`);
  for (const target of route.to ?? []) lines.push(`to         ${targetText(target)}`);
  for (const target of route.chain ?? []) lines.push(`step       ${targetText(target)}`);
  for (const each of route.split ?? []) {
    const share = each.leftOut === undefined ? percentText(each.share * 100) : `left out, ${each.leftOut}`;
    lines.push(`arm        ${each.name === arm ? "* " : ""}${each.name}: ${share}; ${targetName(each.target)}`);
  }
  if (route.sticky !== undefined) lines.push(`sticky     by ${route.sticky}`);
  const { fallback, ramp } = route;
  if (fallback !== undefined) {
    const after = fallback.afterMs === undefined ? "" : ` or ${fallback.afterMs} ms`;
    for (const target of fallback.to) {
      lines.push(`fallback   ${targetText(target)}, after ${fallback.on.join(", ")}${after}`);
    }
  }
  if (route.defaultOutputs) lines.push("fallback   default outputs");
  for (const { target, percent } of route.shadows) lines.push(`shadow     ${percent}% to ${targetText(target)}`);
  for (const [name, value] of Object.entries(route.responseHeaders)) lines.push(`answers    ${name}: ${value}`);
  if (ramp !== undefined) {
    const steps = ramp.steps.map(({ percent }) => `${percent}%`).join(", ");
    lines.push(`ramp       arm ${ramp.arm} at ${percentText(ramp.percent)}, steps ${steps}`);
  }
  return lines;
}

function outcomeLines({ target, arm, because, error }: Explanation): readonly string[] {
  const lines = [`because    ${because}`];
  if (target !== undefined) {
    lines.push(`goes to    ${targetText(target)}${arm === undefined ? "" : ` (arm ${arm})`}`);
  } else if (error !== undefined) lines.push(`fails      ${error.code}: ${error.message}`);
  else if (arm !== undefined) lines.push(`goes to    nobody (arm ${arm})`);
  else lines.push("goes to    one of the arms");
  return lines;
}

function targetText(target: ExplainedTarget): string {
  const { unavailable } = target;
  return unavailable === undefined ? targetName(target) : `${targetName(target)}: ${unavailable}`;
}

function targetName({ model, version, label, signature, pool }: ExplainedTarget): string {
  const which = version === undefined ? "" : version === "latest" ? ", its latest version" : ` version ${version}`;
  const extras = [
    label === undefined ? undefined : `label ${label}`,
    `signature ${signature}`,
    pool === undefined ? undefined : `pool ${pool}`,
  ].filter((text) => text !== undefined);
  return `${model}${which} (${extras.join(", ")})`;
}

function percentText(percent: number): string {
  return `${Number(percent.toFixed(3))}%`;
}
