import type { InferenceCall, Servable } from "./call.ts";
import type { Route } from "./routing/index.ts";

/** Tells the client what its route has decided, and what that says besides. `target`: who has answered, or failed to. */
export function addRouteHeaders(
  { reply }: Pick<InferenceCall, "reply">,
  { config: { responseHeaders } }: Pick<Route, "config">,
  arm: string,
  target: Servable | undefined,
): void {
  if (reply === undefined) return;
  for (const [name, value] of responseHeaders) reply.addHeader(name, value);
  if (target !== undefined) reply.addHeader("x-tensorgate-model-version", String(target.version));
  if (arm !== "") reply.addHeader("x-tensorgate-arm", headerText(arm));
}

/** Any text as printable ASCII: what a header cannot have is percent-encoded. */
function headerText(text: string): string {
  if (/^[!-$&-~]*$/.test(text)) return text;
  return Array.from(Buffer.from(text), (byte) => {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x25;
    return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
