import { type RouteMatch, type TextMatch, takerOf } from "../../config/index.ts";
import { DEFAULT_SIGNATURE } from "../../core/index.ts";
import type { InferenceCall } from "../call.ts";
import { asMeant, asSent } from "./sent-text.ts";

/** What a route looks at. Which model, version or label a request names is the index's to know; see `route-index.ts`. */
export interface Match {
  readonly model: TextMatch | undefined;
  readonly takesModel: (name: string) => boolean;
  readonly choice: RouteMatch["choice"];
  /** Header by header. */
  readonly headers: readonly HeaderMatch[];
  readonly client: TextMatch | undefined;
  readonly percent: number | undefined;
  /** The first thing about the call that is not as it must be; undefined: the route applies to it, but for `percent`. */
  readonly mismatch: (call: MatchedCall) => Mismatch | undefined;
}

/** Of a call, what routes look at. */
export type MatchedCall = Pick<InferenceCall, "spec" | "header" | "client">;

export interface HeaderMatch {
  readonly name: string;
  readonly match: TextMatch;
  readonly takes: (value: string | undefined) => boolean;
}

export type Mismatch =
  | { readonly of: "signature" | "client"; readonly got: string | undefined }
  | { readonly of: "header"; readonly header: HeaderMatch; readonly got: string | undefined };

export function compileMatch({ model, choice, signature, headers, client, percent }: RouteMatch): Match {
  const takesSignature = signature && takerOf(signature);
  const takesClient = client && takerOf(client);
  const headerMatches = [...headers].map(([name, match]): HeaderMatch => ({ name, match, takes: sentTaker(match) }));
  return {
    model,
    takesModel: model === undefined ? () => true : takerOf(model),
    choice,
    headers: headerMatches,
    client,
    percent,
    mismatch(call) {
      if (takesSignature !== undefined) {
        const asked = call.spec.signature || DEFAULT_SIGNATURE;
        if (!takesSignature(asked)) return { of: "signature", got: asked };
      }
      if (takesClient !== undefined && !takesClient(call.client)) return { of: "client", got: call.client };
      for (const header of headerMatches) {
        const got = call.header(header.name);
        if (!header.takes(got)) return { of: "header", header, got };
      }
      return undefined;
    },
  };
}

/** As {@link takerOf}, of values as headers have them. */
function sentTaker(match: TextMatch): HeaderMatch["takes"] {
  switch (match.by) {
    case "exact":
    case "prefix":
      return takerOf({ by: match.by, value: asSent(match.value) });
    case "regex": {
      const takes = takerOf(match);
      return (value) => takes(value === undefined ? undefined : asMeant(value));
    }
    case "present":
      return takerOf(match);
  }
}
