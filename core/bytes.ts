/** A message, in one piece or in several that follow one another. What is in them stays as it is. */
export type Bytes = Uint8Array | readonly Uint8Array[];

export function piecesOf(bytes: Bytes): readonly Uint8Array[] {
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}

export function byteLengthOf(bytes: Bytes): number {
  if (bytes instanceof Uint8Array) return bytes.length;
  let sum = 0;
  for (const piece of bytes) sum += piece.length;
  return sum;
}

/** In one piece: itself, or a copy. */
export function joined(bytes: Bytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  const [only] = bytes;
  if (bytes.length === 1 && only !== undefined) return only;
  return Buffer.concat(bytes);
}

/** The same bytes as a Buffer, for those who want its methods. */
export function joinedBuffer(bytes: Bytes): Buffer {
  const whole = joined(bytes);
  return Buffer.isBuffer(whole) ? whole : Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
}
