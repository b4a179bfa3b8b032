/** The 16-bit floats: bits of the mantissa, and the exponent of the smallest normal number. */
const FORMATS = {
  half: { mantissaBits: 10, minExponent: -14, maxExponent: 15 },
  bfloat16: { mantissaBits: 7, minExponent: -126, maxExponent: 127 },
} as const;

export type SmallFloat = keyof typeof FORMATS;

/** Adding and taking away 2^52 leaves the nearest whole number, ties to even. */
const TWO_52 = 2 ** 52;

/** Bit patterns of the nearest 16-bit floats, ties to even, rounded once. */
export function toSmallFloats(name: SmallFloat, values: Float64Array): Uint16Array<ArrayBuffer> {
  const { mantissaBits, minExponent, maxExponent } = FORMATS[name];
  const one = 2 ** mantissaBits;
  const infinity = (maxExponent - minExponent + 2) * one;
  const bits = new Uint16Array(values.length);
  const sign = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const size = Math.abs(value);
    sign.setFloat64(0, value);
    const high = sign.getUint32(0);
    if (Number.isNaN(value)) {
      bits[i] = infinity + one / 2;
      continue;
    }
    const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, minExponent);
    let magnitude = infinity;
    if (exponent <= maxExponent) {
      // In units of the last place; the carry out of a full mantissa is the next exponent, and the last one's infinity.
      const units = size * 2 ** (mantissaBits - exponent) + TWO_52 - TWO_52;
      magnitude = (exponent - minExponent) * one + units;
    }
    bits[i] = (high >>> 31) * 0x8000 + magnitude;
  }
  return bits;
}

/** The value that a bit pattern stands for, exactly. */
export function fromSmallFloat(name: SmallFloat, bits: number): number {
  const { mantissaBits, minExponent, maxExponent } = FORMATS[name];
  const one = 2 ** mantissaBits;
  const sign = bits >= 0x8000 ? -1 : 1;
  const magnitude = bits & 0x7fff;
  const field = Math.floor(magnitude / one);
  const fraction = magnitude % one;
  if (field === maxExponent - minExponent + 2) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (field === 0) return sign * fraction * 2 ** (minExponent - mantissaBits);
  return sign * (one + fraction) * 2 ** (field - 1 + minExponent - mantissaBits);
}
