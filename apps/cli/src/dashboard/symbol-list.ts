import type { SymbolStatus } from '@deepwater/exchanges';
import type { Sort } from './view-state.js';

/** By numbers that change all the time the list is sorted no oftener than this, ms: it has to be read. */
const SORT_EVERY_MS = 2000;

/** The symbols that the filter leaves, in order. */
export class SymbolList {
  #listed: readonly string[] = [];
  #names: readonly string[] = [];
  #key: string | undefined;
  #sortedMs = 0;

  constructor(private readonly rateOf: (status: SymbolStatus) => number) {}

  get listed(): readonly string[] {
    return this.#listed;
  }

  update(symbols: readonly SymbolStatus[], filter: string, sort: Sort, nowMs: number): readonly string[] {
    const key = JSON.stringify([filter, sort]);
    const moves = sort === 'records/s' || sort === 'gaps';
    const due = moves && Math.abs(nowMs - this.#sortedMs) >= SORT_EVERY_MS;
    if (key === this.#key && !due && !this.#changed(symbols)) return this.#listed;
    this.#key = key;
    this.#sortedMs = nowMs;
    this.#names = symbols.map(({ symbol }) => symbol);
    const wanted = filter.toLowerCase();
    const left = symbols.filter(({ symbol }) => symbol.toLowerCase().includes(wanted));
    this.#listed = this.#sorted(left, sort).map(({ symbol }) => symbol);
    return this.#listed;
  }

  /** Symbols may come and go while it runs. */
  #changed(symbols: readonly SymbolStatus[]): boolean {
    return symbols.length !== this.#names.length || symbols.some(({ symbol }, at) => symbol !== this.#names[at]);
  }

  #sorted(symbols: readonly SymbolStatus[], sort: Sort): readonly SymbolStatus[] {
    switch (sort) {
      case 'as asked': return symbols;
      case 'name': return [...symbols].sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
      case 'records/s': return [...symbols].sort((a, b) => this.rateOf(b) - this.rateOf(a));
      case 'gaps': return [...symbols].sort((a, b) => b.gaps - a.gaps);
    }
  }
}
