/** A status message as a header can carry it: percent-encoded UTF-8. What is no text (half a surrogate pair) becomes U+FFFD. */
export function percentEncoded(text: string): string {
  if (PLAIN.test(text)) return text;
  return encodeURI(Buffer.from(text).toString());
}

/** What `encodeURI` leaves as it is. */
const PLAIN = /^[A-Za-z0-9;,/?:@&=+$\-_.!~*'()#]*$/;

/** Back again; as it is where it isn't so encoded. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}
