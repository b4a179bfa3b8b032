import { createHash } from "node:crypto";
import { parseCookie } from "cookie";
import type { StickyKey } from "../../config/index.ts";
import { type Bytes, piecesOf } from "../../core/index.ts";
import type { CallBody, InferenceCall } from "../call.ts";

/** Of a call, what it can be tied by. */
export type KeyedCall = Pick<InferenceCall, "header" | "client"> & { readonly body: Pick<CallBody, "inputBytes"> };

/** What ties a call to its arm: the same on every machine; undefined where the call has nothing of the kind. */
export function stickyText(sticky: StickyKey | undefined, call: KeyedCall): string | undefined {
  if (sticky === undefined) return undefined;
  return valueOf(sticky, call) || undefined;
}

function valueOf(sticky: StickyKey, { header, client, body }: KeyedCall): string | undefined {
  switch (sticky.by) {
    case "header":
      return header(sticky.name);
    case "cookie": {
      const cookies = header("cookie");
      return cookies === undefined ? undefined : parseCookie(cookies)[sticky.name];
    }
    case "client":
      return client;
    case "input":
      return keyOf(body);
  }
}

/** Several routes, and each try in a pool that hashes, may ask for the same. */
const KEYS = new WeakMap<object, string>();

function keyOf(body: KeyedCall["body"]): string | undefined {
  const known = KEYS.get(body);
  if (known !== undefined) return known;
  const bytes = body.inputBytes?.();
  if (bytes === undefined) return undefined;
  const key = inputKey(bytes);
  KEYS.set(body, key);
  return key;
}

/** What ties requests of this content. */
export function inputKey(content: Bytes): string {
  const hash = createHash("sha256");
  for (const piece of piecesOf(content)) hash.update(piece);
  return hash.digest("base64");
}
