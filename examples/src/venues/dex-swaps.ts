/**
 * A source of one's own, with a transport of its own: swaps of a decentralised exchange, asked for again and again at an indexer's REST API. What the
 * indexer tells of a swap is what is in a pool's log on the chain: what the pool got and gave, in the smallest units of its two tokens.
 *
 *     GET /swaps?pool=WETH-USDC&after=18  →  [{ "n": 19, "ms": 1731000000000, "amount0": "-1500000000000000000", "amount1": "4650000000" }, …]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BadFrame, type Product, type StreamHost, type StreamSource, defineSource } from '@deepwater/exchanges';

export interface Pool {
  readonly symbol: string;
  /** Digits behind the point of a whole token: 18 of WETH, 6 of USDC. */
  readonly decimals0: number;
  readonly decimals1: number;
}

interface Swap {
  /** Counts the swaps of a pool. */
  readonly n: number;
  readonly ms: number;
  /** What the pool got; negative: what it gave. */
  readonly amount0: string;
  readonly amount1: string;
}

/** Digits behind the point that feeds have unless they are made with more. A value with more of them is refused, so what is smaller is cut off here. */
const DECIMALS = 8;

/** @param endpoint where the indexer is @param everyMs how long to wait after having heard that there is nothing new */
export function dexSwaps(endpoint: string, pools: readonly Pool[], everyMs = 1000): StreamSource {
  /** The newest swap that was written, of each pool: kept over runs, so that a run that failed loses nothing. */
  const newest = new Map<string, number>();

  async function follow(pool: Pool, host: StreamHost): Promise<void> {
    while (!host.signal.aborted) {
      const after = newest.get(pool.symbol) ?? host.lastTrade?.(pool.symbol) ?? 0;
      const response = await fetch(`${host.urls.rest ?? endpoint}/swaps?pool=${pool.symbol}&after=${after}`, { signal: host.signal });
      // What is thrown ends the run; it begins again after a while.
      if (!response.ok) throw new Error(`the indexer answered ${response.status}`);
      const text = await response.text();
      // An answer that cannot be read is kept aside, with the reason, and asked for again.
      host.frame(text, (receivedUs) => {
        for (const swap of JSON.parse(text) as Swap[]) {
          try {
            write(pool, swap, host, receivedUs);
          } catch (error) {
            // One that no record can be made of is not in the way of the others.
            if (!(error instanceof BadFrame)) throw error;
            host.bad(error, JSON.stringify(swap));
          }
          newest.set(pool.symbol, swap.n);
        }
      });
      await sleep(everyMs, undefined, { signal: host.signal });
    }
  }

  return defineSource({
    name: 'dex-swaps',
    title: 'Swaps of a DEX',
    tradeIds: 'number',
    products: () => Promise.resolve(pools.map(({ symbol }): Product => ({ symbol, base: symbol.split('-')[0], quote: symbol.split('-')[1] }))),
    run: async (wanted, host) => {
      await Promise.all(pools.filter(({ symbol }) => wanted.symbols.includes(symbol)).map((pool) => follow(pool, host)));
    },
  });
}

/** The side is the taker's, as in all records: he bought what the pool gave. */
function write(pool: Pool, { n, ms, amount0, amount1 }: Swap, host: StreamHost, receivedUs: number): void {
  const got = BigInt(amount0);
  const paid = BigInt(amount1);
  if (got === 0n || got > 0n === paid > 0n) throw new BadFrame('a swap of nothing, or for nothing', `${n}`);
  const size = got < 0n ? -got : got;
  const value = paid < 0n ? -paid : paid;
  const price = decimal(value * 10n ** BigInt(pool.decimals0), size * 10n ** BigInt(pool.decimals1));
  host.records.of(pool.symbol).trade(ms * 1000, receivedUs, n, got < 0n ? 'B' : 'S', price, decimal(size, 10n ** BigInt(pool.decimals0)));
}

/** A quotient as text: amounts of tokens are larger than a number is exact. */
function decimal(dividend: bigint, divisor: bigint): string {
  const digits = ((dividend * 10n ** BigInt(DECIMALS)) / divisor).toString().padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}
