/** Reading of single values. Each answers undefined for what the type does not take. */

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};
const SAME_RANGE: Readonly<Record<string, string>> = {
  sint32: "int32",
  sfixed32: "int32",
  fixed32: "uint32",
  sint64: "int64",
  sfixed64: "int64",
  fixed64: "uint64",
};

export function isInteger(type: string): boolean {
  return (SAME_RANGE[type] ?? type) in RANGES;
}

/** Decimal, `0x` or octal with a leading 0. A 64-bit type gives decimal digits as text, which keeps them exact. */
export function readInteger(type: string, text: string, negative: boolean): number | string | undefined {
  const kind = SAME_RANGE[type] ?? type;
  const [least, most] = RANGES[kind] ?? [0n, 0n];
  const magnitude = parseDigits(text);
  if (magnitude === undefined) return undefined;
  const value = negative ? -magnitude : magnitude;
  if (value < least || value > most) return undefined;
  return kind.endsWith("64") ? String(value) : Number(value);
}

function parseDigits(text: string): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return BigInt(text);
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  return /^(0|[1-9]\d*)$/.test(text) ? BigInt(text) : undefined;
}

/** Also `inf`, `infinity` and `nan`, and a trailing `f`. */
export function readFloat(text: string, negative: boolean): number | undefined {
  const value = parseFloating(text.toLowerCase());
  return value === undefined || !negative ? value : -value;
}

function parseFloating(text: string): number | undefined {
  if (text === "inf" || text === "infinity") return Number.POSITIVE_INFINITY;
  if (text === "nan") return Number.NaN;
  const digits = parseDigits(text);
  if (digits !== undefined) return Number(digits);
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?f?$/.test(text) ? Number(text.replace(/f$/, "")) : undefined;
}

export function readBool(text: string): boolean | undefined {
  if (["true", "True", "t", "1"].includes(text)) return true;
  return ["false", "False", "f", "0"].includes(text) ? false : undefined;
}

/** Strict UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
