/** How far before and after the wrap of its low word a position is stored: other numbers for each wrap. */
export function offsets(seed, wrap) {
  const hash = Math.imul(Math.imul(wrap ^ seed, 0x9e3779b1) ^ (wrap >>> 7), 0x85ebca6b);
  return { before: -1 - (hash >>> 8), after: (Math.imul(hash, 0xc2b2ae35) >>> 8) + 1 };
}
