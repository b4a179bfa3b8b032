import { ErrorCode, Http2Error } from "./error.ts";

/** Bits of each symbol's code (RFC 7541, appendix B), 256 being the end of a string. The code is canonical: the lengths tell all of it. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const END_OF_STRING = 256;

/** A tree in one array: node `n` has its children at `2n` and `2n + 1`; a leaf is `-1 - symbol`, the root is node 0. */
const TREE = buildTree();

function buildTree(): Int16Array {
  const tree = new Int16Array(LENGTHS.length * 2);
  let nodes = 1;
  let code = 0;
  let bits = 0;
  const symbols = LENGTHS.map((_, symbol) => symbol).sort((a, b) => length(a) - length(b) || a - b);
  for (const symbol of symbols) {
    code *= 2 ** (length(symbol) - bits);
    bits = length(symbol);
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const at = node * 2 + ((code >>> bit) & 1);
      if (tree[at] === 0) tree[at] = nodes++;
      node = tree[at] as number;
    }
    tree[node * 2 + (code & 1)] = -1 - symbol;
    code++;
  }
  return tree;
}

function length(symbol: number): number {
  return LENGTHS[symbol] as number;
}

/** The text of a coded string, a character a byte. Throws COMPRESSION_ERROR. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  let node = 0;
  // Bits since the last symbol, and whether they were all ones, as padding has to be.
  let open = 0;
  let ones = true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    for (let bit = 7; bit >= 0; bit--) {
      const set = (byte >>> bit) & 1;
      const next = TREE[node * 2 + set] as number;
      open++;
      if (set === 0) ones = false;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (symbol === END_OF_STRING) throw badPadding();
      text += String.fromCharCode(symbol);
      node = 0;
      open = 0;
      ones = true;
    }
  }
  if (open > 7 || !ones) throw badPadding();
  return text;
}

function badPadding(): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, "a header's Huffman code is wrong");
}
