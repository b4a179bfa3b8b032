import { z } from "zod";
import { headerName } from "./header-name.ts";
import { section } from "./scalar.ts";
import { text, yesNo } from "./units.ts";

/** What ties a client to its arm, or to its endpoint. */
export type StickyKey =
  /** A header's value; its name is in lower case. */
  | { readonly by: "header"; readonly name: string }
  | { readonly by: "cookie"; readonly name: string }
  /** The client's name. */
  | { readonly by: "client" }
  /** A hash of the request's body. */
  | { readonly by: "input" };

/** `what` is kept by requests with equal keys: `arm`, `endpoint`. */
export function stickyKey(what: string): z.ZodType<StickyKey> {
  return section({
    header: headerName().optional().describe(`Equal values of this header keep their ${what}.`),
    cookie: text().optional().describe(`Equal values of this cookie keep their ${what}.`),
    client: yesNo().optional().describe(`true: each client keeps its ${what}.`),
    input: yesNo().optional().describe(`true: equal request bodies keep their ${what}.`),
  }).transform(({ header, cookie, client, input }, context): StickyKey => {
    const keys: StickyKey[] = [];
    if (header !== undefined) keys.push({ by: "header", name: header });
    if (cookie !== undefined) keys.push({ by: "cookie", name: cookie });
    if (client === true) keys.push({ by: "client" });
    if (input === true) keys.push({ by: "input" });
    const [key, ...others] = keys;
    if (key !== undefined && others.length === 0) return key;
    context.addIssue({
      code: "custom",
      message: "expected exactly one of header: name, cookie: name, client: true, input: true",
    });
    return z.NEVER;
  });
}
