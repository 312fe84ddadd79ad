/** How much of a frame is looked through for a symbol. */
const LOOKED_CHARS = 4096;

/** Whose fault a frame is that cannot be read: the symbol that it names, where it names one alone. */
export function onlySymbolIn(frame: string, symbols: Iterable<string>): string | undefined {
  const text = frame.slice(0, LOOKED_CHARS);
  let only: string | undefined;
  for (const symbol of symbols) {
    if (!text.includes(`"${symbol}"`)) continue;
    if (only !== undefined) return undefined;
    only = symbol;
  }
  return only;
}
