/** 1, 10, 100 …: told as often as that, what happens a million times is told seven times. */
export function isRound(count: number): boolean {
  let power = 1;
  while (power < count) power *= 10;
  return power === count;
}
