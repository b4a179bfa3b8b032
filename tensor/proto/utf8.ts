import { malformed } from "./malformed.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
/** Below this a loop beats the decoder's set-up. */
const SHORT = 24;

/** Throws INVALID_ARGUMENT for bytes that are not UTF-8, as protobuf does for `string` fields. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length <= SHORT) {
    let text = "";
    for (const byte of bytes) {
      if (byte >= 0x80) return decodeStrictly(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decodeStrictly(bytes);
}

function decodeStrictly(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    throw malformed("a string is not UTF-8");
  }
}

/** Names of models, signatures, inputs and outputs are the same ones in each message. */
const known = new Map<string, Uint8Array>();
const KNOWN = 1000;
const LONGEST_KNOWN = 64;

/** The bytes are shared: they are only read. */
export function encodeUtf8(text: string): Uint8Array {
  const before = known.get(text);
  if (before !== undefined) return before;
  const bytes = ENCODER.encode(text);
  if (text.length <= LONGEST_KNOWN) {
    if (known.size === KNOWN) known.clear();
    known.set(text, bytes);
  }
  return bytes;
}
