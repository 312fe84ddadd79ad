/**
 * The values at given places in the order of many, without sorting them: from the highest 16 bits down, values are counted by those
 * bits, and only those that share the bits of the one wanted are looked at again. Linear in their number, whatever they are; 64
 * bits are seen as two words and never become bigints.
 */
import type { Steps } from '../slices.js';

type Block = Float64Array | BigInt64Array | BigUint64Array;

/** Values that are looked at between two turns of the event loop. */
const STEP = 65536;
const SIGN = 0x80000000;

/** @param ranks places from 0 on, each below the number of values */
export function* valuesAt(blocks: readonly Block[], ranks: readonly number[]): Steps<(number | bigint)[]> {
  const keys = yield* keysOf(blocks);
  const found = new Map<number, number | bigint>();
  for (const rank of ranks) {
    if (!found.has(rank)) found.set(rank, valueOfKey(blocks[0] as Block, yield* keyAt(keys, rank)));
  }
  return ranks.map((rank) => found.get(rank) as number | bigint);
}

/** Words, two a value, whose unsigned order is that of the values: low, high, low, high, … */
function* keysOf(blocks: readonly Block[]): Steps<Uint32Array> {
  const keys = new Uint32Array(2 * blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    const words = new Uint32Array(block.buffer, block.byteOffset, 2 * block.length);
    keys.set(words, at);
    if (block instanceof Float64Array) {
      // The bits of floats ascend with them, and descend below 0.
      for (let i = at + 1; i < at + words.length; i += 2) {
        const high = keys[i] as number;
        if (high < SIGN) {
          keys[i] = high + SIGN;
        } else {
          keys[i] = ~high;
          keys[i - 1] = ~(keys[i - 1] as number);
        }
      }
    } else if (block instanceof BigInt64Array) {
      for (let i = at + 1; i < at + words.length; i += 2) keys[i] = (keys[i] as number) ^ SIGN;
    }
    at += words.length;
    yield;
  }
  return keys;
}

/** The key at a place, as [low, high]. */
function* keyAt(all: Uint32Array, rank: number): Steps<[number, number]> {
  const key: [number, number] = [0, 0];
  let keys = all;
  let left = rank;
  for (const [word, shift] of [[1, 16], [1, 0], [0, 16], [0, 0]] as const) {
    const counts = new Uint32Array(65536);
    for (let from = 0; from < keys.length; from += 2 * STEP) {
      const to = Math.min(keys.length, from + 2 * STEP);
      for (let i = from + word; i < to; i += 2) {
        const digit = ((keys[i] as number) >>> shift) & 0xffff;
        counts[digit] = (counts[digit] as number) + 1;
      }
      yield;
    }
    let digit = 0;
    while (left >= (counts[digit] as number)) left -= counts[digit++] as number;
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
