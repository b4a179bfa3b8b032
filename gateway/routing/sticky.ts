import { createHash } from "node:crypto";
import { parseCookie } from "cookie";
import type { StickyKey } from "../../config/index.ts";
import { piecesOf } from "../../core/index.ts";
import type { InferenceCall } from "../call.ts";

/** What ties a call to its arm: the same on every machine; undefined where the call has nothing of the kind. */
export function stickyText(sticky: StickyKey | undefined, call: InferenceCall): string | undefined {
  if (sticky === undefined) return undefined;
  return valueOf(sticky, call) || undefined;
}

function valueOf(sticky: StickyKey, { header, client, body }: InferenceCall): string | undefined {
  switch (sticky.by) {
    case "header":
      return header(sticky.name);
    case "cookie": {
      const cookies = header("cookie");
      return cookies === undefined ? undefined : parseCookie(cookies)[sticky.name];
    }
    case "client":
      return client;
    case "input": {
      const bytes = body.inputBytes?.();
      if (bytes === undefined) return undefined;
      const hash = createHash("sha256");
      for (const piece of piecesOf(bytes)) hash.update(piece);
      return hash.digest("base64");
    }
  }
}
