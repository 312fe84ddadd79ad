/** Order books. */
export { BOOK_FLAGS, type BookFieldNames, type BookSideName } from './book-fields.js';
export type { BookAmount } from './amount-cells.js';
export type { BookFeedOptions, BookReader } from './book-feed.js';
export type { BookFill } from './book-sums.js';
export { type BookLevel, type ExactLevel, type LevelColumns, OrderBook, type OrderBookOptions } from './order-book.js';
export type { StaleBook } from './stale.js';
export { type BookAtOptions, bookAt, bookAtSync } from './book-at.js';
