/** The length at which TensorFlow Serving cuts an error's text, so that it fits the headers that clients take (`util/status_util`). */
const MAX_MESSAGE_BYTES = 1024;
const CUT_MARK = "...TRUNCATED";

/**
 * At most so many bytes of UTF-8, then a mark. Bytes, not characters: each may take three in a header, and clients refuse
 * headers over 8 KiB. Half a surrogate pair, which a header can't carry, becomes U+FFFD. What was cut before stays.
 */
export function fitMessage(message: string, maxBytes: number = MAX_MESSAGE_BYTES): string {
  const bytes = Buffer.from(message);
  const isCut = message.endsWith(CUT_MARK) && bytes.length <= maxBytes + CUT_MARK.length;
  if (bytes.length <= maxBytes || isCut) return bytes.toString();
  let end = maxBytes;
  // 10xxxxxx continues a character: step back to where it begins.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end) + CUT_MARK;
}
