/** Chance that a seed decides: the same seed makes the same requests. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1 (mulberry32). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  chance(share: number): boolean {
    return this.unit() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** The bytes with up to `changes` of them changed, taken out, put in, doubled, cut off or mixed with those of another sample. */
export function mutated(random: Random, sample: Buffer, others: readonly Buffer[], changes = 4): Buffer {
  let bytes = sample;
  for (let left = 1 + random.below(changes); left > 0; left--) bytes = changed(random, bytes, random.pick(others));
  return bytes;
}

function changed(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.below(random.pick([2, 8, 40])));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([before, random.bytes(Math.max(1, part.length)), after]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, part, part, part, after]);
    case 3:
      return before;
    case 4:
      return Buffer.concat([before, Buffer.from(random.pick(TOKENS)), after]);
    default: {
      const from = random.below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random.below(60)), after]);
    }
  }
}

/** What parsers of JSON, HTTP and protobuf stumble over. */
const TOKENS = [
  ...Array.from("{}[]\",:-.0'\\%/?#&=+;\t\r\n\0"),
  "[[[[[[[[",
  "{}",
  "[]",
  '""',
  "null",
  "true",
  "NaN",
  "-Infinity",
  "1e999",
  "-1e-999",
  "18446744073709551616",
  "-9223372036854775809",
  "0.1e+",
  "\\u0000",
  "\\ud800",
  '{"b64": "!"}',
  '{"b64": "aGk="}',
  '"signature_name": "",',
  "%2F",
  "%00",
  "%",
  "/../",
  "\r\n\r\n",
  "\r\nTransfer-Encoding: chunked\r\n",
  "\r\nContent-Length: 5\r\n",
  "\ufeff",
  "\u{1f600}",
];
