import { type FeedFile, readFeedFile } from '@deepwater/core';
import { FeedReader, QueryPool } from '@deepwater/query';
import { Platform, type Reader } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, type Peer, atMost, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { barLabel, barNumbersOf, expectedBars } from '../lib/queries/bars.js';
import { CPeer } from '../lib/queries/c-peer.js';
import { DuckPeer, duckContenders, oneRow } from '../lib/queries/duck-peer.js';
import { FILTERED, FILTER_TEXT, filteredCommand, filteredSql, ofArrays } from '../lib/queries/filtered.js';
import { type Contender, type RaceOptions, asGiven, race, timed, timedAsync } from '../lib/queries/race.js';
import { type SidedSpec, columnsOfTicks, endTime, fillTicks, tickNumbers, tickPrice, tickSize, tickTime } from '../lib/queries/ticks.js';
import { FIRST_TIME_US } from '../lib/records.js';
import { sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const TARGET_SCALING = 1.8;
const TARGET_US = 100;
const RANGE_ROWS = 100;
const MINUTE_US = 60_000_000;

type SidedReader = Reader<SidedSpec>;

/** A range of a hundred ticks as somebody gives it: how many there are, and the price of the first and the size of the last. */
type Ask = (start: number, end: number) => Promise<readonly [rows: number, price: number, size: number]>;

/** Calls that somebody makes one after the other before it is the next one's turn. */
const CALLS_IN_A_ROW = 100;

/** Microseconds of each call, awaited, one after the other, at places all over the feed. */
async function latencies(asks: Readonly<Record<string, Ask>>, rows: number, rounds: number, problems: string[]): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(asks).map((name) => [name, []]));
  let place = 0;
  for (let round = -1; round < rounds; round++) {
    for (const [name, ask] of Object.entries(asks)) {
      for (let call = 0; call < CALLS_IN_A_ROW; call++) {
        const from = (Math.imul(++place, 0x9e3779b1) >>> 0) % (rows - RANGE_ROWS);
        const start = tickTime(from);
        const end = tickTime(from + RANGE_ROWS);
        const started = nowNs();
        const [count, price, size] = await ask(start, end);
        const took = (nowNs() - started) / 1000;
        if (round >= 0) times[name].push(took);
        if ((count !== RANGE_ROWS || price !== tickPrice(from) || size !== tickSize(from + RANGE_ROWS - 1)) && problems.length < 5) {
          problems.push(`${name} of ticks from ${from}: ${count} rows, from price ${price} to size ${size}`);
        }
      }
    }
  }
  return times;
}

/** A reader whose every read goes through a pool, whether or not that takes longer. */
async function farReader(platform: Platform): Promise<{ readonly reader: FeedReader<SidedSpec>; close(): Promise<void> }> {
  const { uid, spec } = readFeedFile(platform.basePath, 'sided') as FeedFile;
  const pool = new QueryPool({ threads: 1, nearRows: 0 });
  await pool.warmUp();
  const reader = new FeedReader<SidedSpec>({ basePath: platform.basePath, storeId: platform.storeId, feedUid: uid, spec }, { pool });
  return {
    reader,
    close: async () => {
      await reader.close();
      await pool.close();
    },
  };
}

async function rangeLines(context: BenchContext, reader: SidedReader, far: FeedReader<SidedSpec>, duck: DuckPeer, rows: number): Promise<Line[]> {
  const problems: string[] = [];
  const last = RANGE_ROWS - 1;
  const times = await latencies({
    'tuples': async (start, end) => {
      const tuples = await reader.range(start, end);
      return [tuples.length, tuples[0]?.[0] ?? NaN, tuples[last]?.[1] ?? NaN];
    },
    'columns': async (start, end) => {
      const { price, size } = await reader.range(start, end, { format: 'columns' });
      return [price.length, price[0], size[last]];
    },
    'tuples, a thread of the pool asked each time': async (start, end) => {
      const tuples = await far.range(start, end);
      return [tuples.length, tuples[0]?.[0] ?? NaN, tuples[last]?.[1] ?? NaN];
    },
    'rangeSync, tuples': (start, end) => {
      const tuples = reader.rangeSync(start, end);
      return Promise.resolve([tuples.length, tuples[0]?.[0] ?? NaN, tuples[last]?.[1] ?? NaN]);
    },
    'DuckDB, its own table in memory, by time': async (start, end) => {
      const { columns: { price, size } } = await duck.ask(`select * from ticks where timestamp >= ${start} and timestamp < ${end}`, 'table', 1);
      return [price.length, price[0], size[last]];
    },
  }, rows, context.pick(10, 2), problems);
  const peer = (name: string): Peer => ({ name, sample: sampleOf(times[name]) });
  const what = `await reader.range of ${RANGE_ROWS} rows of ${rows.toLocaleString('en')}, p50 of ${times['tuples'].length} calls`;
  return (['tuples', 'columns'] as const).map((format) => {
    const sample = sampleOf(times[format]);
    return line({
      id: `pool-range-100-${format}`, what: `${what}, ${format}`, unit: 'us', sample, target: atMost(sample, TARGET_US, 'us'), problems,
      peers: [peer('tuples, a thread of the pool asked each time'), peer('rangeSync, tuples'), peer('DuckDB, its own table in memory, by time')],
    });
  });
}

/** What two threads are for one question, beside what two processes of C loops are, which share nothing but the machine. */
async function scalingLine(
  id: string, what: string, options: RaceOptions, contenders: { readonly two: Contender; readonly one: Contender; readonly others: readonly Contender[]; readonly c: readonly CPeer[]; ask(peer: CPeer): ReturnType<CPeer['ask']> },
): Promise<Line> {
  const { two, one, others, c, ask } = contenders;
  const processes = ([2, 1] as const).filter((count) => c.length >= count).map((count): Contender => ({
    name: count === 2 ? 'two C processes at once, each over all of it' : 'one C process',
    ask: async () => {
      const answers = await Promise.all(c.slice(0, count).map(ask));
      return { ns: Math.max(...answers.map(({ ns }) => ns)) / count, values: answers[0].values };
    },
  }));
  const { sample, peers, problems } = await race(options, two, one, ...others, ...processes);
  const rate = (name: string): number => peers.find((peer) => peer.name === name)?.sample.median ?? NaN;
  const scaling = sampleOf([sample.median / rate(one.name)]);
  const ofC = rate('two C processes at once, each over all of it') / rate('one C process');
  return line({
    id, what, unit: '×', sample: scaling, target: { text: `≥ ${TARGET_SCALING} ×`, met: scaling.median >= TARGET_SCALING }, problems,
    peers: [{ name: two.name, sample, unit: 'M rows/s' }, ...peers.map((peer) => ({ ...peer, unit: 'M rows/s' }))],
    notes: Number.isNaN(ofC) ? [] : [`two C processes at once are ${ofC.toFixed(2)} × one: what the machine allows`],
  });
}

async function scalingLines(context: BenchContext, readers: { readonly one: SidedReader; readonly two: SidedReader }, basePath: string, duck: DuckPeer, rows: number): Promise<Line[]> {
  const end = endTime(rows);
  const c = [0, 1].map(() => CPeer.start('vector', basePath, 'sided', context.directory)).filter((peer) => peer !== undefined);
  const rounds = context.pick(7, 2);
  const bars = (reader: SidedReader) => timedAsync(() => reader.bars(FIRST_TIME_US, end, { resolution: '1m', format: 'columns' }), (made) => barNumbersOf(made));
  context.progress('pool-bars-2');
  const lines = [await scalingLine('pool-bars-2', `bars of a minute with buy and sell volume, ${rows.toLocaleString('en')} rows, awaited: a pool of two threads against one of one thread`,
    { rounds, rows, expected: expectedBars(rows, { width: MINUTE_US }), label: barLabel }, {
      two: { name: 'two threads', ask: bars(readers.two) }, one: { name: 'one thread', ask: bars(readers.one) },
      others: [{ name: 'barsSync', ask: timed(() => readers.one.barsSync(FIRST_TIME_US, end, { resolution: '1m', format: 'columns' }), (made) => barNumbersOf(made)) }],
      c, ask: (peer) => peer.bars('time-bars', MINUTE_US, rows),
    })];
  const filtered = (reader: SidedReader) => timedAsync(async () => {
    const { sum, count } = await reader.aggregate(FIRST_TIME_US, end, FILTERED);
    return [sum, count];
  }, asGiven);
  context.progress('pool-filter-2');
  lines.push(await scalingLine('pool-filter-2', `${FILTER_TEXT}, ${rows.toLocaleString('en')} rows, awaited: a pool of two threads against one of one thread`,
    { rounds, rows, expected: ofArrays(columnsOfTicks(tickNumbers(rows))) }, {
      two: { name: 'two threads', ask: filtered(readers.two) }, one: { name: 'one thread', ask: filtered(readers.one) },
      others: duckContenders(duck, () => filteredSql, oneRow, [['table', 1], ['table', 2]]),
      c, ask: (peer) => peer.ask(filteredCommand),
    }));
  for (const peer of c) await peer.stop();
  return lines;
}

export const pool: Benchmark = {
  name: 'pool',
  title: 'queries that are awaited, through threads of the pool',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    const rows = context.pick(16_000_000, 600_000);
    await fillTicks(platform, 'sided', tickNumbers(rows));
    const [one, two] = await Promise.all([1, 2].map((poolThreads) => Platform.open(basePath, { logLevel: 'error', poolThreads })));
    try {
      const readers = { one: await one.createReader<SidedSpec>('sided'), two: await two.createReader<SidedSpec>('sided') };
      const duck = await DuckPeer.open(rows, context.directory);
      const far = await farReader(platform);
      const lines = await rangeLines(context, readers.two, far.reader, duck, rows);
      await far.close();
      lines.push(...await scalingLines(context, readers, basePath, duck, rows));
      duck.close();
      return lines;
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  }),
};
