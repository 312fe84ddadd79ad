/** A book as simple as can be, to hold those of the server against: prices and sizes as numbers. */
export class PlainBook {
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();

  set(side: 'bids' | 'asks', levels: readonly (readonly [string | number, string | number, ...unknown[]])[]): void {
    for (const [price, size] of levels) {
      if (Number(size) === 0) this[side].delete(Number(price));
      else this[side].set(Number(price), Number(size));
    }
  }

  replace(bids: readonly (readonly [string | number, string | number, ...unknown[]])[], asks: readonly (readonly [string | number, string | number, ...unknown[]])[]): void {
    this.bids.clear();
    this.asks.clear();
    this.set('bids', bids);
    this.set('asks', asks);
  }

  top(depth = Infinity): { bids: [number, number][]; asks: [number, number][] } {
    const bids = [...this.bids].sort(([a], [b]) => b - a);
    const asks = [...this.asks].sort(([a], [b]) => a - b);
    return { bids: bids.slice(0, depth), asks: asks.slice(0, depth) };
  }

  /** What lies deeper is forgotten. */
  truncate(depth: number): void {
    const { bids, asks } = this.top(depth);
    this.replace(bids, asks);
  }
}

/** Levels of a snapshot, as numbers in their order. */
export const asNumbers = (levels: readonly (readonly [string | number, string | number, ...unknown[]])[]): [number, number][] => levels.map(([price, size]) => [Number(price), Number(size)]);
