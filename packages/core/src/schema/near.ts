/**
 * The candidates that `word` was probably meant to be, nearest first: equal apart from case and underscores, or at
 * most two edits away (one, for words of up to four letters). At most three.
 */
export function nearMatches(word: string, candidates: Iterable<string>): string[] {
  if (word.length > 64) return [];
  const wanted = fold(word);
  const tolerance = wanted.length <= 4 ? 1 : 2;
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, fold(candidate)) }))
    .filter(({ distance }) => distance <= tolerance)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** ` (did you mean a or b?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearMatches(word, candidates);
  return near.length === 0 ? '' : ` (did you mean ${near.join(' or ')}?)`;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll('_', '');
}

/** Levenshtein distance, with two neighbours swapped counted as one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}
