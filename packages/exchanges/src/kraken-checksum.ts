import { crc32 } from '@deepwater/core';
import { TOP_LEVELS, type BookLevels } from './kraken-levels.js';

/** No text of a price or size is longer. */
const TEXT_BYTES_MAX = 64;
/** Written anew for every checksum. */
const bytes = new Uint8Array(2 * TOP_LEVELS * 2 * TEXT_BYTES_MAX);

/**
 * The CRC-32 that Kraken gives with its books (docs.kraken.com/exchange/guides/websockets/book-checksum-v2, and -v1): over the ten best asks from the
 * lowest, then the ten best bids from the highest; of each the price and the size, with all the decimals of the pair, without the point and the
 * zeros before the first other digit.
 */
export function krakenChecksum(asks: BookLevels, bids: BookLevels): number {
  const end = putTop(bids, putTop(asks, 0));
  return crc32(bytes.subarray(0, end));
}

function putTop({ prices, sizes }: BookLevels, at: number): number {
  const worst = Math.max(0, prices.length - TOP_LEVELS);
  for (let level = prices.length - 1; level >= worst; level--) at = putDigits(sizes[level], putDigits(prices[level], at));
  return at;
}

function putDigits(text: string, at: number): number {
  const start = at;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character !== 46 && (character !== 48 || at > start)) bytes[at++] = character;
  }
  return at;
}
