const NAMED: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "'": 39,
  "?": 63,
  "\\": 92,
};

/** The escape that starts at a backslash: the bytes it stands for and its length in the text; undefined if it is none. */
export function readEscape(
  text: string,
  at: number,
): { readonly bytes: Uint8Array; readonly length: number } | undefined {
  const rest = text.slice(at + 1, at + 11);
  const named = NAMED[rest.charAt(0)];
  if (named !== undefined) return { bytes: Buffer.of(named), length: 2 };

  const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
  if (octal !== undefined) return oneByte(Number.parseInt(octal, 8), octal.length + 1);
  const hex = /^[xX]([0-9a-fA-F]{1,2})/.exec(rest)?.[1];
  if (hex !== undefined) return oneByte(Number.parseInt(hex, 16), hex.length + 2);

  const unicode = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest);
  const point = unicode === null ? undefined : Number.parseInt(unicode[1] ?? unicode[2] ?? "", 16);
  if (unicode === null || point === undefined || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
    return undefined;
  return { bytes: Buffer.from(String.fromCodePoint(point)), length: unicode[0].length + 1 };
}

function oneByte(value: number, length: number): ReturnType<typeof readEscape> {
  return value > 255 ? undefined : { bytes: Buffer.of(value), length };
}
