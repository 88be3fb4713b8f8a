/** "Did you mean": the nearest of a few allowed words. */

/** Words longer than this are not compared; the cost is quadratic in the length. */
const MAX_LENGTH = 64;
/** Most words that one word is compared with. */
const MAX_COMPARED = 500;

/**
 * The allowed word nearest to `word` by edit distance (insert, delete, replace, swap neighbours), or
 * undefined if none is near enough to be a slip of the fingers: one slip in three characters.
 * Case does not count. The first of equally near words wins.
 */
export function suggest(word: string, allowed: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let compared = 0;
  for (const candidate of allowed) {
    if (candidate.length > MAX_LENGTH) continue;
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    if (++compared > MAX_COMPARED) break;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance && distance < candidate.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean "x"?`, or nothing: the tail of a message about a word that is not allowed. */
export function didYouMean(word: string, allowed: Iterable<string>): string {
  const near = suggest(word, allowed);
  return near === undefined ? '' : `, did you mean ${JSON.stringify(near)}?`;
}

/** Optimal string alignment: the Levenshtein distance in which a swap of neighbours counts once. */
export function editDistance(left: string, right: string): number {
  const width = right.length + 1;
  let beforePrevious = new Array<number>(width).fill(0);
  let previous = Array.from({ length: width }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = new Array<number>(width).fill(row);
    for (let column = 1; column < width; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current[column] = cost;
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, width - 1);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
