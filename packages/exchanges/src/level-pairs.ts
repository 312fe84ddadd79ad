/** Levels as Binance and Bybit write them: `[price, size]`. */
import { priceOf, sizeOf } from './amounts.js';
import { BadFrame } from './exchange.js';
import { shown } from './frame-checks.js';
import type { BookSide, SymbolSink } from './record-sink.js';

type Level = readonly unknown[];

/** Writes nothing. @throws BadFrame for the first that is bad */
export function checkLevels(levels: readonly unknown[]): void {
  for (let i = 0; i < levels.length; i++) {
    const level = pairOf(levels[i]);
    priceOf(level[0]);
    sizeOf(level[1]);
  }
}

/** @throws BadFrame for the first that is bad, or that no record can hold; those before it have been written */
export function writeLevels(sink: SymbolSink, side: BookSide, levels: readonly unknown[]): void {
  for (let i = 0; i < levels.length; i++) {
    const level = pairOf(levels[i]);
    sink.level(side, priceOf(level[0]), sizeOf(level[1]));
  }
}

/** @throws BadFrame */
export function pairOf(level: unknown): Level {
  if (Array.isArray(level)) return level;
  throw new BadFrame('level is no list', shown(level));
}
