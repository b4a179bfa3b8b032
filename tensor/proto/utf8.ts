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

export function encodeUtf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}
