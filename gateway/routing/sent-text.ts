import { isUtf8 } from "node:buffer";

/**
 * How a text of the configuration arrives in a header. Node gives headers as one character for each byte, and clients that go
 * beyond ASCII at all send UTF-8.
 */
export function asSent(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** What a header that has arrived says; bytes that are no UTF-8 as they are. */
export function asMeant(value: string): string {
  if (isAscii(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}
