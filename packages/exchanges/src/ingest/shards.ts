import { DeepwaterError, describeValue } from '@deepwater/core';
import type { ConnectionOptions } from '../connection.js';
import type { Channel } from '../exchange.js';
import type { Source } from '../source.js';
import { type Link, newLink } from '../link.js';

/** One connection with the symbols that are on it. */
export class Shard {
  link!: Link;
  connects = 0;
  /** Since when it is open; cleared when it ends. */
  wasOpen = false;
  sinceMs = Date.now();
  lastFrameUs = 0;
  lastEnd: string | undefined;
  readonly symbols = new Set<string>();

  constructor(readonly id: number) {}
}

/** Symbols shared out over as many connections as are needed. A symbol stays on its connection. */
export class Shards {
  readonly #shards: Shard[] = [];
  readonly #symbolsMax: number;
  #lastId = 0;

  /** @throws DeepwaterError DW_OPTION_INVALID */
  constructor(private readonly source: Source, private readonly channels: readonly Channel[], symbolsPerConnection: number | undefined, private readonly hooks: (shard: Shard) => ConnectionOptions) {
    if (symbolsPerConnection !== undefined && !(Number.isSafeInteger(symbolsPerConnection) && symbolsPerConnection >= 1)) {
      throw new DeepwaterError('DW_OPTION_INVALID', `symbolsPerConnection is ${describeValue(symbolsPerConnection)}; give a whole number from 1 to ${source.limits.symbolsMax}.`, { values: { symbolsPerConnection } });
    }
    this.#symbolsMax = Math.min(symbolsPerConnection ?? Infinity, source.limits.symbolsMax);
  }

  get list(): readonly Shard[] {
    return this.#shards;
  }

  of(symbol: string): Shard | undefined {
    return this.#shards.find(({ symbols }) => symbols.has(symbol));
  }

  /** Puts symbols where there is room, and on new connections where there is none. */
  add(symbols: readonly string[]): void {
    let rest = [...symbols];
    for (const shard of this.#shards) {
      const more = rest.splice(0, this.#symbolsMax - shard.symbols.size);
      if (more.length === 0) continue;
      for (const symbol of more) shard.symbols.add(symbol);
      shard.link.subscribe({ symbols: more, channels: this.channels });
    }
    while (rest.length > 0) {
      const shard = new Shard(++this.#lastId);
      const its = rest.slice(0, this.#symbolsMax);
      rest = rest.slice(its.length);
      for (const symbol of its) shard.symbols.add(symbol);
      shard.link = newLink(this.source, { symbols: its, channels: this.channels }, this.hooks(shard));
      this.#shards.push(shard);
      shard.link.open();
    }
  }

  /** Connections that have no symbol left are closed. */
  async remove(symbols: readonly string[]): Promise<void> {
    for (const shard of [...this.#shards]) {
      const gone = symbols.filter((symbol) => shard.symbols.delete(symbol));
      if (gone.length === 0) continue;
      if (shard.symbols.size > 0) shard.link.unsubscribe(gone);
      else {
        this.#shards.splice(this.#shards.indexOf(shard), 1);
        await shard.link.close();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ link }) => link.close()));
  }
}
