import { Book, pairs, type LevelChange } from '../book/book.js';
import { DepthView, type ViewChange } from '../book/depth-view.js';
import type { BybitFrame } from './bybit.js';
import type { Publication } from './venue.js';

interface BookData {
  readonly s: string;
  readonly b: readonly LevelChange[];
  readonly a: readonly LevelChange[];
  readonly u: number;
  readonly seq: number;
}

/** A depth that somebody has asked for, other than the capture's, and the number of its last update. */
interface OtherDepth {
  readonly view: DepthView;
  u: number;
}

const changed = (changes: readonly ViewChange[]): [string, string][] => changes.map(({ price, size }) => [price, Number(size) === 0 ? '0' : size]);

/** The book of a symbol in a category, in all depths that are asked for. */
export class BybitBook {
  readonly #prefix: string;
  #book = new Book();
  /** The depth of the capture's topic, and its last frame; none before the first. */
  #captured: { depth: number; frame: BybitFrame; data: BookData } | undefined;
  readonly #others = new Map<number, OtherDepth | undefined>();

  /** @param key category and symbol, between which topics have their depth */
  constructor(key: string) {
    this.#prefix = key;
  }

  reset(): void {
    this.#book = new Book();
    this.#captured = undefined;
    for (const depth of this.#others.keys()) this.#others.set(depth, undefined);
  }

  /** Somebody wants the book in a depth. */
  want(depth: number): void {
    if (!this.#others.has(depth)) this.#others.set(depth, this.#viewOf(depth));
  }

  take(depth: number, publication: Publication): readonly Publication[] {
    const frame = publication.message as BybitFrame;
    const data = frame.data as unknown as BookData;
    this.#captured = { depth, frame, data };
    if (frame.type === 'snapshot') this.#book.replace(data.b, data.a);
    else this.#book.apply(data.b, data.a);
    this.#book.update = data.u;
    if (frame.type === 'snapshot') for (const other of this.#others.keys()) this.#others.set(other, undefined);
    const told = [publication];
    for (const wanted of this.#others.keys()) if (wanted !== depth) told.push(...this.#tell(wanted, depth, publication));
    return told;
  }

  /** The book as it would be sent to who subscribes now; undefined before the capture's own snapshot. */
  snapshot(depth: number): string | undefined {
    if (this.#captured === undefined || !this.#book.whole) return undefined;
    const { data } = this.#captured;
    const u = depth < this.#captured.depth ? this.#others.get(depth)?.u ?? data.u : data.u;
    return this.#frame(depth, 'snapshot', pairs(this.#book.bids.top(depth)), pairs(this.#book.asks.top(depth)), u);
  }

  #tell(wanted: number, captured: number, publication: Publication): readonly Publication[] {
    const topic = this.#topicOf(wanted);
    // The capture knows no more levels than it has: a deeper book is its own, by another name.
    if (wanted > captured) return [{ ...publication, topic, text: publication.text.replace(`"orderbook.${captured}.`, `"orderbook.${wanted}.`) }];
    const other = this.#others.get(wanted);
    if (other === undefined) {
      this.#others.set(wanted, this.#viewOf(wanted));
      const text = this.snapshot(wanted);
      return text === undefined ? [] : [{ ...publication, topic, text }];
    }
    const changes = other.view.changes();
    if (changes === undefined) return [];
    other.u++;
    // Of the best bid and ask alone Bybit sends snapshots, never deltas.
    const text = wanted === 1 ? this.snapshot(1) : this.#frame(wanted, 'delta', changed(changes.bids), changed(changes.asks), other.u);
    return text === undefined ? [] : [{ ...publication, topic, text }];
  }

  #viewOf(depth: number): OtherDepth | undefined {
    if (this.#captured === undefined || !this.#book.whole || depth >= this.#captured.depth) return undefined;
    return { view: new DepthView(this.#book, depth, true), u: this.#captured.data.u };
  }

  #frame(depth: number, type: 'snapshot' | 'delta', b: readonly [string, string][], a: readonly [string, string][], u: number): string {
    const { frame, data } = this.#captured!;
    const [, symbol] = this.#prefix.split('|');
    return JSON.stringify({ topic: `orderbook.${depth}.${symbol}`, type, ts: frame.ts, data: { s: symbol, b, a, u, seq: data.seq }, cts: frame.cts ?? frame.ts });
  }

  #topicOf(depth: number): string {
    const [category, symbol] = this.#prefix.split('|');
    return `${category}|orderbook.${depth}.${symbol}`;
  }
}
