/**
 * Numbers in [0, 1) with 53 random bits, the same for the same seed and stream on any machine: sfc32 of PractRand
 * (https://pracrand.sourceforge.net/RNG_engines.txt, public domain), begun as there with counter 1 and some rounds thrown away.
 */
export function randomNumbers(seed: number, stream: number): () => number {
  let a = seed | 0;
  let b = Math.floor(seed / 4294967296) | 0;
  let c = stream | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 16; round++) next();
  return () => (next() >>> 5) / 134217728 + (next() >>> 6) / 9007199254740992;
}
