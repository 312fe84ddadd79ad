/** Order books. */
export { BOOK_FLAGS, type BookFieldNames, type BookSideName } from './book-fields.js';
export type { BookAmount } from './amount-cells.js';
export type { BookFeedOptions, BookReader } from './book-feed.js';
export type { BookFill } from './book-sums.js';
export { type BookLevel, type ExactLevel, type LevelColumns, OrderBook, type OrderBookOptions } from './order-book.js';
export type { StaleBook } from './stale.js';
export { type BookAtOptions, bookAt, bookAtSync } from './book-at.js';
export { type BookSample, type BooksOptions, books, booksSync } from './books.js';
export type { FollowBookOptions } from './book-follower.js';
export { type FollowBookSyncOptions, followBook, followBookSync } from './follow-book.js';
export { type BookRun, RunBook } from './run-book.js';
export { type DepthFeedOptions, depthFeedSpec } from './depth-feed.js';
export { type DepthPlatform, type DepthReport, type RecordDepthOptions, recordDepth } from './record-depth.js';
