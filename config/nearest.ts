/**
 * The word that was probably meant: the one with the fewest typing slips (a wrong, missing, surplus or swapped
 * letter), if those are few for its length. `-` and `_` count as equal, so do letter cases.
 */
export function nearestWord(written: string, words: Iterable<string>): string | undefined {
  const wanted = plain(written);
  let best: { readonly word: string; readonly slips: number } | undefined;
  for (const word of words) {
    // So many letters are missing or surplus at least; a client may have written megabytes.
    if (Math.abs(word.length - written.length) > allowedSlips(word)) continue;
    const slips = editDistance(wanted, plain(word));
    if (slips <= allowedSlips(word) && (best === undefined || slips < best.slips)) best = { word, slips };
  }
  return best?.word;
}

/** ` (did you mean "x"?)`, or nothing when no word is near. */
export function didYouMean(
  written: string,
  words: Iterable<string>,
  quote: (word: string) => string = inQuotes,
): string {
  const word = nearestWord(written, words);
  return word === undefined ? "" : ` (did you mean ${quote(word)}?)`;
}

function inQuotes(word: string): string {
  return `"${word}"`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

function allowedSlips(word: string): number {
  return Math.max(1, Math.floor(word.length / 3));
}

/** Damerau's distance with adjacent swaps (optimal string alignment), three rows at a time. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const differs = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + differs);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, at(beforeLast, column - 2) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
