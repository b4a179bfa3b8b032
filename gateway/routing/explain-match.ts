import { type RouteMatch, type StickyKey, type TextMatch, takesChoice } from "../../config/index.ts";
import type { VersionChoice } from "../../core/index.ts";
import type { MatchedCall, Mismatch } from "./match.ts";
import type { Route } from "./route-table.ts";
import { asMeant } from "./sent-text.ts";

/** The conditions of a route that applies to the call, each as a sentence. */
export function conditions({ config: { match }, sticky }: Route): readonly string[] {
  const { model, choice, signature, headers, client, percent } = match;
  const texts = [
    model && `the model is ${expected(model)}`,
    choice.by === "any" ? undefined : `the request names ${asking(choice)}`,
    signature && `the signature is ${expected(signature)}`,
    client && `the client is ${expected(client)}`,
    ...[...headers].map(([name, each]) => `header ${name} is ${expected(each, isSecret(name, each))}`),
    percent === undefined ? undefined : `the request is in ${percent}% of them${by(sticky)}`,
  ].filter((text) => text !== undefined);
  return texts.length === 0 ? ["it applies to every request"] : texts;
}

/** What keeps a route of the call's model from applying to it, but for `percent`; undefined: nothing. */
export function misfit({ match, config }: Route, call: MatchedCall): string | undefined {
  const { choice } = match;
  if (choice.by !== "any" && !takesChoice(choice, call.spec.choice)) {
    return `applies to requests that name ${asking(choice)}`;
  }
  const mismatch = match.mismatch(call);
  return mismatch && mismatchText(mismatch, config.match);
}

/** That the call is not in a route's part of the traffic; `tied`: by its sticky key, and not by chance. */
export function notInPart({ match, sticky }: Route, tied: boolean, isDrawn: boolean): string {
  const part = `applies to ${match.percent}% of requests`;
  if (tied) return `${part}: this one is not among them${by(sticky)}`;
  return `${part}: chance ${isDrawn ? "has decided against it" : "decides"}`;
}

export function stickyName(sticky: StickyKey): string {
  switch (sticky.by) {
    case "header":
    case "cookie":
      return `${sticky.by} ${sticky.name}`;
    case "client":
      return "the client";
    case "input":
      return "the request's body";
  }
}

function by(sticky: StickyKey | undefined): string {
  return sticky === undefined ? "" : `, by ${stickyName(sticky)}`;
}

function asking(choice: VersionChoice): string {
  if (choice.by === "latest") return "neither version nor label";
  return choice.by === "version" ? `version ${choice.version}` : `label ${choice.label}`;
}

function mismatchText(mismatch: Mismatch, match: RouteMatch): string {
  const { of, got } = mismatch;
  if (of !== "header") {
    const wanted = of === "client" ? match.client : match.signature;
    const is = got === undefined ? "is not known" : `is ${JSON.stringify(got)}`;
    return `the ${of} ${is}${wanted === undefined ? "" : `, expected ${expected(wanted)}`}`;
  }
  const { name, match: wanted } = mismatch.header;
  const hides = isSecret(name, wanted);
  const is = got === undefined ? "is missing" : hides ? "is another one" : `is ${JSON.stringify(asMeant(got))}`;
  return `header ${name} ${is}, expected ${expected(wanted, hides)}`;
}

function expected(match: TextMatch, hides = false): string {
  if (hides && match.by !== "present")
    return match.by === "exact" ? "a certain value" : `one with a certain ${match.by}`;
  switch (match.by) {
    case "exact":
      return `exactly ${JSON.stringify(match.value)}`;
    case "prefix":
      return `a text that starts with ${JSON.stringify(match.value)}`;
    case "regex":
      return `a text that matches /${match.source}/`;
    case "present":
      return match.is ? "there" : "absent";
  }
}

/** An explanation may be shown to somebody else than the one who wrote the configuration or sent the request. */
function isSecret(header: string, match: TextMatch): boolean {
  const came = match.by !== "present" && match.secret === true;
  return came || /auth|cookie|credential|token|secret|password|key$/.test(header);
}
