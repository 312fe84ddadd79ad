import type { Schema } from '@deepwater/core/engine';
import { type Row, type RowNumber, microsOf } from './row-numbers.js';

/**
 * The time of the market: that of the record which is being given. It is read from the flyweight when somebody asks, and kept
 * before that moves on unseen.
 */
export class MarketClock {
  readonly #micros: readonly RowNumber[];
  #row: Row | undefined;
  #feed = 0;
  #held: number;

  /** @param begin time before the first record, microseconds */
  constructor(schemas: readonly Schema[], begin: number) {
    this.#micros = schemas.map(microsOf);
    this.#held = begin;
  }

  /** A record comes. @param row the flyweight there */
  see(feed: number, row: Row): void {
    this.#feed = feed;
    this.#row = row;
  }

  now(): number {
    const row = this.#row;
    return row === undefined ? this.#held : (this.#micros[this.#feed] as RowNumber)(row);
  }

  /** The flyweight is about to move without being given. */
  hold(): void {
    this.#held = this.now();
    this.#row = undefined;
  }
}
