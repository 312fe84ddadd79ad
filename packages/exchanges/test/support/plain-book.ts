import { crc32 } from 'node:zlib';

/** A book kept in the plainest way: levels by price, sorted whenever somebody asks. */
export class PlainBook {
  readonly bids = new Map<number, readonly [price: string, size: string]>();
  readonly asks = new Map<number, readonly [price: string, size: string]>();

  set(side: 'B' | 'A', price: string, size: string): void {
    const levels = side === 'B' ? this.bids : this.asks;
    if (Number(size) === 0) levels.delete(Number(price));
    else levels.set(Number(price), [price, size]);
  }

  /** The best first. */
  sorted(side: 'B' | 'A'): (readonly [price: string, size: string])[] {
    const sign = side === 'B' ? -1 : 1;
    return [...(side === 'B' ? this.bids : this.asks)].sort(([a], [b]) => sign * (a - b)).map(([, level]) => level);
  }

  /** Drops what is deeper. @returns the prices that went, the worst first */
  cut(side: 'B' | 'A', depth: number): string[] {
    const levels = side === 'B' ? this.bids : this.asks;
    if (levels.size <= depth) return [];
    const gone = this.sorted(side).slice(depth).map(([price]) => price).reverse();
    for (const price of gone) levels.delete(Number(price));
    return gone;
  }

  /** Kraken's checksum, of amounts as `write` has them. */
  checksum(write: (amount: string, isPrice: boolean) => string = (amount) => amount): number {
    const digits = (amount: string, isPrice: boolean): string => write(amount, isPrice).replace('.', '').replace(/^0+/, '');
    const text = (side: 'B' | 'A'): string => this.sorted(side).slice(0, 10).map(([price, size]) => digits(price, true) + digits(size, false)).join('');
    return crc32(text('A') + text('B'));
  }
}
