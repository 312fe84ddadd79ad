/**
 * The values at given places in the order of many, without sorting them: from the highest 16 bits down, values are counted by those
 * bits, and only those that share the bits of the one wanted are looked at again. Linear in their number, whatever they are; 64
 * bits are seen as two words and never become bigints. The first count, of all values, is made where they lie and once for all
 * places; only what is looked at again is copied.
 */
import type { Steps } from '../slices.js';

type Block = Float64Array | BigInt64Array | BigUint64Array;

/** Values that are looked at between two turns of the event loop. */
const STEP = 65536;
const SIGN = 0x80000000;
const DIGITS = 65536;

/** @param ranks places from 0 on, each below the number of values */
export function* valuesAt(blocks: readonly Block[], ranks: readonly number[]): Steps<(number | bigint)[]> {
  const counts = yield* countHighest(blocks);
  const found = new Map<number, number | bigint>();
  let known: { digit: number; keys: Uint32Array } | undefined;
  // Places side by side share their highest digit, mostly.
  for (const rank of [...new Set(ranks)].sort((a, b) => a - b)) {
    const { digit, left } = digitAt(counts, rank);
    if (known?.digit !== digit) known = { digit, keys: yield* keysOf(blocks, digit, counts[digit] as number) };
    found.set(rank, valueOfKey(blocks[0] as Block, yield* keyAt(known.keys, left)));
  }
  return ranks.map((rank) => found.get(rank) as number | bigint);
}

/** How many values have each highest digit of their keys (see `keysOf`). */
function* countHighest(blocks: readonly Block[]): Steps<Uint32Array> {
  const raw = new Uint32Array(DIGITS);
  for (const block of blocks) {
    for (let from = 0; from < block.length; from += STEP) {
      const words = wordsOf(block, from);
      for (let i = 1; i < words.length; i += 2) {
        const digit = (words[i] as number) >>> 16;
        raw[digit] = (raw[digit] as number) + 1;
      }
      yield;
    }
  }
  const [first] = blocks;
  return first === undefined ? raw : raw.map((_, digit) => raw[storedDigit(first, digit)] as number);
}

/** The highest 16 bits of values as they are stored, of those of their keys. */
function storedDigit(block: Block, digit: number): number {
  if (block instanceof BigUint64Array) return digit;
  if (block instanceof BigInt64Array || digit >= 0x8000) return digit ^ 0x8000;
  return ~digit & 0xffff;
}

/** Some values of a block as words, two a value: low, high, low, high, … */
function wordsOf(block: Block, from: number): Uint32Array {
  return new Uint32Array(block.buffer, block.byteOffset + 8 * from, 2 * Math.min(STEP, block.length - from));
}

/** The digit of the value at a place, and its place among those that share it. */
function digitAt(counts: Uint32Array, rank: number): { digit: number; left: number } {
  let digit = 0;
  let left = rank;
  while (left >= (counts[digit] as number)) left -= counts[digit++] as number;
  return { digit, left };
}

/** The keys that have a highest digit: words, two a value, whose unsigned order is that of the values. */
function* keysOf(blocks: readonly Block[], digit: number, count: number): Steps<Uint32Array> {
  const keys = new Uint32Array(2 * count);
  let at = 0;
  for (const block of blocks) {
    const stored = storedDigit(block, digit);
    // The bits of floats ascend with them, and descend below 0.
    const flipHigh = block instanceof BigUint64Array ? 0 : block instanceof BigInt64Array || stored < 0x8000 ? SIGN : -1;
    const flipLow = block instanceof Float64Array && stored >= 0x8000 ? -1 : 0;
    for (let from = 0; from < block.length; from += STEP) {
      const words = wordsOf(block, from);
      for (let i = 1; i < words.length; i += 2) {
        const high = words[i] as number;
        if (high >>> 16 !== stored) continue;
        keys[at++] = (words[i - 1] as number) ^ flipLow;
        keys[at++] = high ^ flipHigh;
      }
      yield;
    }
  }
  return keys;
}

/** The key at a place among some that share their highest digit, as [low, high]. */
function* keyAt(all: Uint32Array, rank: number): Steps<[number, number]> {
  const key: [number, number] = [0, ((all[1] as number) & 0xffff0000) >>> 0];
  let keys = all;
  let place = rank;
  for (const [word, shift] of [[1, 0], [0, 16], [0, 0]] as const) {
    const counts = new Uint32Array(DIGITS);
    for (let from = 0; from < keys.length; from += 2 * STEP) {
      const to = Math.min(keys.length, from + 2 * STEP);
      for (let i = from + word; i < to; i += 2) {
        const digit = ((keys[i] as number) >>> shift) & 0xffff;
        counts[digit] = (counts[digit] as number) + 1;
      }
      yield;
    }
    const { digit, left } = digitAt(counts, place);
    place = left;
    key[word] += digit * 2 ** shift;
    const count = counts[digit] as number;
    if (2 * count < keys.length) keys = yield* sharing(keys, word, shift, digit, count);
  }
  return key;
}

/** The keys that have a digit. */
function* sharing(keys: Uint32Array, word: number, shift: number, digit: number, count: number): Steps<Uint32Array> {
  const kept = new Uint32Array(2 * count);
  let at = 0;
  for (let from = 0; from < keys.length; from += 2 * STEP) {
    const to = Math.min(keys.length, from + 2 * STEP);
    for (let i = from; i < to; i += 2) {
      if ((((keys[i + word] as number) >>> shift) & 0xffff) !== digit) continue;
      kept[at++] = keys[i] as number;
      kept[at++] = keys[i + 1] as number;
    }
    yield;
  }
  return kept;
}

function valueOfKey(block: Block, [low, high]: [number, number]): number | bigint {
  const words = block instanceof Float64Array
    ? high >= SIGN ? [low, high - SIGN] : [~low, ~high]
    : block instanceof BigInt64Array ? [low, high ^ SIGN] : [low, high];
  const { buffer } = Uint32Array.from(words, (word) => word >>> 0);
  // -0 and 0 are equal: which of them comes first must not show.
  if (block instanceof Float64Array) return (new Float64Array(buffer)[0] as number) + 0;
  return (block instanceof BigInt64Array ? new BigInt64Array(buffer) : new BigUint64Array(buffer))[0] as bigint;
}
