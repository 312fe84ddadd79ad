import type { BadFrame, SessionHost } from './exchange.js';
import { SNAPSHOT_MS, SpoiledBook, tellNoSnapshot, tellSpoiled } from './spoiled-books.js';

/** A book that is wrong again and again is asked for less and less often, up to this. */
const WAIT_MS_MAX = 60_000;

/** What a session knows of its copy of a book. */
export interface SyncedBook {
  readonly symbol: string;
  /** What the exchange was asked for. */
  readonly asked: Readonly<Record<'book', boolean>>;
  /** A snapshot has come, and nothing has been lost since. */
  live: boolean;
  /** It was live, or should have become so, and a new snapshot has been asked for. */
  lost: boolean;
  /** How often it was lost since it was last known to be right. */
  losses: number;
  /** Takes back what waits for its snapshot. */
  overdue: (() => void) | undefined;
}

/** Books that cannot be trusted any more are subscribed again; they are back when their snapshot has come. One that does not come is in no other's way. */
export class BookSync {
  readonly #host: SessionHost;
  readonly #resubscribe: (symbols: readonly string[]) => void;
  /** Those that were spoiled, or did not come. */
  readonly #spoiled = new Map<string, SpoiledBook>();

  /** @param onCame told of each snapshot */
  constructor(host: SessionHost, resubscribe: (symbols: readonly string[]) => void, private readonly onCame: (symbol: string) => void) {
    this.#host = host;
    this.#resubscribe = resubscribe;
  }

  /** Something of these books was lost: the first time they are asked for at once, then after a while. */
  lose(books: Iterable<SyncedBook>): void {
    const now: SyncedBook[] = [];
    for (const book of books) {
      if (book.lost) continue;
      book.live = false;
      book.lost = true;
      if (book.losses++ === 0) now.push(book);
      else this.#askLater(book, Math.min(1000 * 2 ** (book.losses - 2), WAIT_MS_MAX));
    }
    if (now.length > 0) this.#ask(now);
  }

  /** A change or a snapshot of the book could not be read wholly. */
  spoil(book: SyncedBook, why: BadFrame, ofSnapshot: boolean): void {
    if (book.lost && !ofSnapshot) return;
    tellSpoiled(this.#host, book.symbol, why);
    // Whoever was told may not want it any more.
    if (!book.asked.book) return;
    if (ofSnapshot) this.onCame(book.symbol);
    this.#settle(book);
    book.live = false;
    book.lost = true;
    const ms = this.#of(book).next();
    if (ms === 0) this.#ask([book]);
    else this.#askLater(book, ms);
  }

  /** A snapshot has come. `right`: it is known to be right without more. */
  came(book: SyncedBook, right: boolean): void {
    this.onCame(book.symbol);
    this.#spoiled.get(book.symbol)?.begun();
    book.live = true;
    if (right) book.losses = 0;
    if (!book.lost) return;
    this.#settle(book);
    this.#host.event({ kind: 'resynced', symbol: book.symbol, channel: 'book' });
  }

  /** The book is not wanted any more. */
  forget(book: SyncedBook): void {
    book.live = false;
    book.losses = 0;
    this.#spoiled.get(book.symbol)?.close();
    this.#spoiled.delete(book.symbol);
    this.#settle(book);
  }

  #settle(book: SyncedBook): void {
    book.lost = false;
    book.overdue?.();
    book.overdue = undefined;
  }

  #of(book: SyncedBook): SpoiledBook {
    let spoiled = this.#spoiled.get(book.symbol);
    if (spoiled === undefined) this.#spoiled.set(book.symbol, (spoiled = new SpoiledBook(this.#host)));
    return spoiled;
  }

  #ask(books: readonly SyncedBook[]): void {
    this.#resubscribe(books.map(({ symbol }) => symbol));
    for (const book of books) {
      book.overdue = this.#host.after(SNAPSHOT_MS, () => {
        tellNoSnapshot(this.#host, book.symbol);
        this.#askLater(book, this.#of(book).next());
      });
    }
  }

  #askLater(book: SyncedBook, ms: number): void {
    book.overdue = this.#host.after(ms, () => { this.#ask([book]); });
  }
}
