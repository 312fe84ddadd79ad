import { DeepwaterError } from 'deepwater';

/**
 * The words of a line as a POSIX shell has them, without what it replaces: '…' as it stands, "…" with \" and \\, a backslash before a character outside of
 * quotes, # at the beginning of a word for a remark.
 * @throws DeepwaterError DW_OPTION_INVALID for a quote without its end
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at]!;
    if (sign === '\'' || sign === '"') {
      const from = at++;
      word ??= '';
      for (; line[at] !== sign; at++) {
        if (at >= line.length) throw new DeepwaterError('DW_OPTION_INVALID', `The ${sign} at ${from + 1} has no end. Put a \\ before it where it is meant as it stands.`, { values: { line, at: from } });
        if (sign === '"' && line[at] === '\\' && (line[at + 1] === '"' || line[at + 1] === '\\')) at++;
        word += line[at];
      }
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === '#' && word === undefined) break;
    else {
      if (sign === '\\' && at + 1 < line.length) at++;
      word = (word ?? '') + line[at]!;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
