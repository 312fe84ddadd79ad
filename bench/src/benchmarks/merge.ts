import type { Platform } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { DuckPeer, threadsText } from '../lib/queries/duck-peer.js';
import { type Answer, type Contender, asGiven, race, timed } from '../lib/queries/race.js';
import { type SidedColumns, type TickSpec, columnsOfTicks, fillTicks, tickFeed, tickNumbers, tickPrice } from '../lib/queries/ticks.js';
import { wordsOf } from '../lib/records.js';
import { withStore } from '../lib/stores.js';

const TARGET_M = 20;
const FEEDS = Array.from({ length: 8 }, (_, feed) => feed);
const feedName = (feed: number): string => `feed-${feed}`;

/** What every way to merge comes to: how many records, and their prices added up, each times a weight that goes by its place in the order. */
class Order {
  #records = 0;
  #sum = 0;

  add(price: number): void {
    this.#sum += price * weightOf(this.#records++);
  }

  values(): number[] {
    return [this.#records, this.#sum];
  }
}

const weightOf = (place: number): number => 1 + (place & 1023);

function byTime(rows: number): number[] {
  const order = new Order();
  for (let n = 0; n < rows; n++) order.add(tickPrice(n));
  return order.values();
}

/** Times as numbers, exact. */
function timesOf({ timestamp }: SidedColumns): Float64Array {
  const words = wordsOf(timestamp);
  return Float64Array.from({ length: timestamp.length }, (_, i) => words[2 * i + 1] * 2 ** 32 + words[2 * i]);
}

/** The loop that anybody would write: the least of eight times, over and over again. */
function plainMerge(feeds: readonly { readonly times: Float64Array; readonly price: Float64Array }[]): number[] {
  const order = new Order();
  const at = feeds.map(() => 0);
  const next = feeds.map(({ times }) => (times.length > 0 ? times[0] : Infinity));
  for (;;) {
    let least = 0;
    for (let feed = 1; feed < next.length; feed++) if (next[feed] < next[least]) least = feed;
    if (next[least] === Infinity) return order.values();
    const { times, price } = feeds[least];
    order.add(price[at[least]]);
    const following = ++at[least];
    next[least] = following < times.length ? times[following] : Infinity;
  }
}

/** Ours, in batches of columns, the price of each record looked at in the order of the merge. */
function mergedBatches(platform: Platform): number[] {
  const order = new Order();
  for (const { length, source, row, feeds } of platform.merge(FEEDS.map(feedName)).batchesSync()) {
    const prices = feeds.map(({ columns }) => columns['price'] as Float64Array);
    for (let i = 0; i < length; i++) order.add(prices[source[i]][row[i]]);
  }
  return order.values();
}

/** Ours, record by record. */
function mergedRecords(platform: Platform): number[] {
  const order = new Order();
  for (const { record } of platform.merge(FEEDS.map(feedName))) order.add((record as readonly number[])[0]);
  return order.values();
}

function duckMerge(duck: DuckPeer, threads: number): Contender {
  return {
    name: `DuckDB, eight tables in memory into one in order, ${threadsText(threads)}`,
    ask: async (): Promise<Answer> => {
      const all = FEEDS.map((feed) => `select price, size, timestamp from feed${feed}`).join(' union all ');
      const ns = await duck.run(`create or replace temp table merged as select * from (${all}) order by timestamp`, threads);
      const { columns } = await duck.ask('select count(*) as records, sum(price * (1 + (rowid & 1023))) as sum from merged', 'table', 1);
      return { ns, values: [...columns['records'], ...columns['sum']] };
    },
  };
}

async function mergeLines(context: BenchContext, platform: Platform, duck: DuckPeer, rows: number): Promise<Line[]> {
  const feeds = FEEDS.map((feed) => {
    const ticks = columnsOfTicks(tickNumbers(rows, (n) => tickFeed(n) === feed));
    return { times: timesOf(ticks), price: ticks.price };
  });
  const objects = feeds.flatMap(({ times, price }) => Array.from(price.subarray(0, 100_000), (value, i) => ({ timestamp: times[i], price: value })));
  const sorted = (): number[] => {
    const order = new Order();
    for (const { price } of [...objects].sort((a, b) => a.timestamp - b.timestamp)) order.add(price);
    return order.values();
  };
  const plain = { name: 'a plain loop over eight times as typed arrays', ask: timed(() => plainMerge(feeds), asGiven) };
  const options = { rounds: context.pick(5, 2), rows, expected: byTime(rows) };
  const batches = await race(options,
    { name: 'batches', ask: timed(() => mergedBatches(platform), asGiven) }, plain, duckMerge(duck, 1), duckMerge(duck, 2),
    { name: `${objects.length.toLocaleString('en')} objects in one array, sorted by time`, ask: timed(sorted, asGiven), rows: objects.length, expected: sorted() },
  );
  const records = await race(options, { name: 'records', ask: timed(() => mergedRecords(platform), asGiven) }, plain);
  const what = `${rows.toLocaleString('en')} records of ${FEEDS.length} feeds in order of time, one thread`;
  return [
    line({ id: 'merge-8', what: `${what}: batches of columns, each price looked at in order`, unit: 'M records/s', ...batches, target: atLeast(batches.sample, TARGET_M, 'M records/s') }),
    line({ id: 'merge-8-records', what: 'the same record by record, as tuples', unit: 'M records/s', ...records }),
  ];
}

/** A quarter of the ticks are trades, the others quotes. */
const isTrade = (n: number): boolean => tickFeed(n) < 2;

/** Prices of the quotes that prevailed, added up, each times a weight that goes by the time of its trade. */
const weighted = (price: number, time: number): number => price * (time % 1021);

function joined(time: Float64Array, quotePrice: Float64Array, matched: ArrayLike<number>): number[] {
  let [matches, sum] = [0, 0];
  for (let i = 0; i < time.length; i++) {
    if (matched[i] === 0) continue;
    matches++;
    sum += weighted(quotePrice[i], time[i]);
  }
  return [time.length, matches, sum];
}

async function asOfLine(context: BenchContext, platform: Platform, duck: DuckPeer, rows: number): Promise<Line> {
  const tradeNumbers = tickNumbers(rows, isTrade);
  const quoteNumbers = tickNumbers(rows, (n) => !isTrade(n));
  await fillTicks(platform, 'ticks', tradeNumbers, 'trades');
  await fillTicks(platform, 'ticks', quoteNumbers, 'quotes');
  const trades = columnsOfTicks(tradeNumbers);
  const quotes = columnsOfTicks(quoteNumbers);
  const times = timesOf(trades);
  const quoteTimes = timesOf(quotes);

  const plain = (): { prices: Float64Array; matched: Uint8Array } => {
    const prices = new Float64Array(times.length);
    const matched = new Uint8Array(times.length);
    let at = -1;
    for (let i = 0; i < times.length; i++) {
      while (at + 1 < quoteTimes.length && quoteTimes[at + 1] <= times[i]) at++;
      if (at < 0) continue;
      prices[i] = quotes.price[at];
      matched[i] = 1;
    }
    return { prices, matched };
  };
  const duckJoin = (threads: number): Contender => ({
    name: `DuckDB, ASOF LEFT JOIN of two tables in memory into a third, ${threadsText(threads)}`,
    ask: async (): Promise<Answer> => {
      const ns = await duck.run(`create or replace temp table joined as select trades.*, quotes.price as quote_price, quotes.size as quote_size, quotes.timestamp as quote_timestamp
        from trades asof left join quotes on trades.timestamp >= quotes.timestamp`, threads);
      const { columns } = await duck.ask('select count(*) as trades, count(quote_price) as matches, sum(quote_price * (timestamp % 1021)) as sum from joined', 'table', 1);
      return { ns, values: [...columns['trades'], ...columns['matches'], ...columns['sum']] };
    },
  });
  await duck.run(`create table trades as select price, size, timestamp from ticks where feed < 2 order by timestamp`);
  await duck.run(`create table quotes as select price, size, timestamp from ticks where feed >= 2 order by timestamp`);
  const { prices, matched } = plain();
  const ours = () => platform.asOf<TickSpec, TickSpec, 'columns', undefined, undefined, 'quote_'>('trades', 'quotes', { format: 'columns', prefix: 'quote_' }).allSync();
  const result = await race({ rounds: context.pick(5, 2), rows, expected: joined(times, prices, matched) },
    { name: 'ours', ask: timed(ours, (columns) => joined(Float64Array.from(columns.timestamp, Number), columns.quote_price, columns.matched)) },
    { name: 'a plain loop over typed arrays, one column of quotes taken', ask: timed(plain, (found) => joined(times, found.prices, found.matched)) },
    duckJoin(1), duckJoin(2),
  );
  return line({
    id: 'asof', what: `${trades.price.length.toLocaleString('en')} trades with what prevailed of ${quotes.price.length.toLocaleString('en')} quotes, all fields as columns, one thread`,
    unit: 'M records/s of both', ...result,
  });
}

export const merge: Benchmark = {
  name: 'merge',
  title: 'eight feeds in order of time, and an as-of join of two',
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(4_000_000, 400_000);
    const duck = await DuckPeer.open(rows, context.directory);
    for (const feed of FEEDS) {
      await fillTicks(platform, 'ticks', tickNumbers(rows, (n) => tickFeed(n) === feed), feedName(feed));
      await duck.run(`create table feed${feed} as select price, size, timestamp from ticks where feed = ${feed} order by timestamp`);
    }
    context.progress('merge-8');
    const lines = await mergeLines(context, platform, duck, rows);
    context.progress('asof');
    lines.push(await asOfLine(context, platform, duck, rows));
    duck.close();
    return lines;
  }),
};
