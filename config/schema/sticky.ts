import { z } from "zod";
import { headerName } from "./header-name.ts";
import { section } from "./scalar.ts";
import { text, yesNo } from "./units.ts";

/** What ties a client to its arm where nobody looks at bodies. */
export type CallerKey =
  /** A header's value; its name is in lower case. */
  | { readonly by: "header"; readonly name: string }
  | { readonly by: "cookie"; readonly name: string }
  /** The client's name. */
  | { readonly by: "client" };

/** What ties a client to its arm, or to its endpoint. */
export type StickyKey =
  | CallerKey
  /** A hash of the request's body. */
  | { readonly by: "input" };

/** `what` is kept by requests with equal keys: `arm`, `endpoint`. */
export function stickyKey(what: string): z.ZodType<StickyKey> {
  const input = yesNo().optional().describe(`true: equal request bodies keep their ${what}.`);
  return section({ ...callerKeys(what), input }).transform((given, context) => theOne(given, context, ", input: true"));
}

/** As {@link stickyKey}, but for the body. */
export function callerKey(what: string): z.ZodType<CallerKey> {
  return section(callerKeys(what)).transform((given, context) => theOne(given, context) as CallerKey);
}

function callerKeys(what: string) {
  return {
    header: headerName().optional().describe(`Equal values of this header keep their ${what}.`),
    cookie: text().optional().describe(`Equal values of this cookie keep their ${what}.`),
    client: yesNo().optional().describe(`true: each client keeps its ${what}.`),
  };
}

interface Given {
  readonly header?: string | undefined;
  readonly cookie?: string | undefined;
  readonly client?: boolean | undefined;
  readonly input?: boolean | undefined;
}

function theOne({ header, cookie, client, input }: Given, context: z.RefinementCtx, otherForms = ""): StickyKey {
  const keys: StickyKey[] = [];
  if (header !== undefined) keys.push({ by: "header", name: header });
  if (cookie !== undefined) keys.push({ by: "cookie", name: cookie });
  if (client === true) keys.push({ by: "client" });
  if (input === true) keys.push({ by: "input" });
  const [key, ...others] = keys;
  if (key !== undefined && others.length === 0) return key;
  const message = `expected exactly one of header: name, cookie: name, client: true${otherForms}`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
