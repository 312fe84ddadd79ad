import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { type Platform, mergeFeeds } from '../dist/index.js';
import { openPlatform } from './support.js';

const TRADES = {
  name: 'trades',
  fields: [{ name: 'price', type: 'float64' }, { name: 'venue', type: 'symbol' }, { name: 'ts', type: 'uint64' }],
  timestamp: 'ts',
} as const;
const QUOTES = {
  name: 'quotes',
  fields: [{ name: 'bid', type: 'decimal', scale: 2 }, { name: 'received', type: 'int64', unit: 'ns' }, { name: 'ts', type: 'uint64', unit: 'ms' }],
  timestamp: 'ts',
  clocks: ['received'],
} as const;

const US = 1_700_000_000_000_000;

async function filled(): Promise<{ platform: Platform; trades: Awaited<ReturnType<typeof createTrades>>; quotes: Awaited<ReturnType<typeof createQuotes>> }> {
  const platform = await openPlatform();
  const trades = await createTrades(platform);
  const quotes = await createQuotes(platform);
  const trade = await platform.createWriter(trades);
  const quote = await platform.createWriter(quotes);
  quote.writeValues('9.99', BigInt(US) * 1000n + 500n, US / 1000);
  trade.writeValues(10, 'XNAS', US);
  trade.writeValues(11, 'XLON', US + 999);
  quote.writeValues('10.01', BigInt(US) * 1000n + 1_000_700n, US / 1000 + 1);
  trade.writeValues(12, 'XNAS', US + 1000);
  trade.writeValues(13, 'XNAS', US + 5000);
  return { platform, trades, quotes };
}
const createTrades = (platform: Platform) => platform.createFeed(TRADES);
const createQuotes = (platform: Platform) => platform.createFeed(QUOTES);

let platform: Platform;
let trades: Awaited<ReturnType<typeof createTrades>>;
let quotes: Awaited<ReturnType<typeof createQuotes>>;
beforeAll(async () => { ({ platform, trades, quotes } = await filled()); });
afterAll(async () => { await platform.close(); });

async function failure(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return `${(error as { code?: string }).code ?? (error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('it did not fail');
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('platform.merge', () => {
  test('gives the records of both feeds by time, the feed named first first, with their types', async () => {
    const merged = await listed(platform.merge([trades, quotes], { format: 'object' }));
    expect(merged.map(({ feed, sequence, record }) => [feed, sequence, 'bid' in record ? record.bid : record.price])).toEqual([
      ['trades', 0, 10], ['quotes', 0, '9.99'], ['trades', 1, 11], ['trades', 2, 12], ['quotes', 1, '10.01'], ['trades', 3, 13],
    ]);
    expect((await listed(platform.merge([quotes, trades]))).map(({ source }) => source)).toEqual([0, 1, 1, 0, 1, 1]);
    for await (const each of platform.merge([trades, quotes], { format: 'object' })) {
      if (each.feed === 'trades') expectTypeOf(each.record.venue).toEqualTypeOf<string>();
      else expectTypeOf(each.record.bid).toEqualTypeOf<string>();
    }
  });

  test('takes columns, other clocks, ranges, and a feed twice', async () => {
    const merged = platform.merge([{ feed: quotes, columns: ['bid'], by: 'received' }, { feed: 'quotes', columns: ['ts'] }], { start: new Date(US / 1000 + 1) });
    expect([...merged]).toEqual([
      { feed: 'quotes', source: 1, sequence: 1, record: [US / 1000 + 1] }, { feed: 'quotes', source: 0, sequence: 1, record: ['10.01'] },
    ]);
    // In the finest unit, which is that of `received`.
    const at = BigInt(US) * 1000n + 1_000_700n;
    expect([...platform.merge([{ feed: quotes, by: 'received' }, trades], { start: at, end: at + 1n })]).toHaveLength(1);
  });

  test('takes a filter for each feed, typed by its spec', async () => {
    const merged = await listed(platform.merge([{ feed: trades, columns: ['price'], where: { venue: 'XNAS', price: { gt: 10 } } }, { feed: quotes, columns: ['bid'], where: { bid: { lt: '10' } } }]));
    expect(merged.map(({ feed, record }) => [feed, ...record])).toEqual([['quotes', '9.99'], ['trades', 12], ['trades', 13]]);
    expect([...platform.merge([{ feed: 'trades', where: { venue: 'XLON' } }])].map(({ sequence }) => sequence)).toEqual([1]);
    // @ts-expect-error trades have no bid
    expect(await failure(() => platform.merge([{ feed: trades, where: { bid: 1 } }]))).toContain('DW_FIELD_UNKNOWN');
    // @ts-expect-error a price is a number
    expect(await failure(() => platform.merge([quotes, { feed: trades, where: { price: { gt: 'ten' } } }]))).toContain('DW_FILTER_INVALID');
    const handles = mergeFeeds([{ feed: platform.subscription(trades), columns: ['price'], where: { venue: 'XLON' } }, platform.subscription(quotes)]);
    expect([...handles].map(({ feed }) => feed)).toEqual(['quotes', 'trades', 'quotes']);
    // @ts-expect-error trades have no bid
    expect(await failure(() => mergeFeeds([{ feed: platform.subscription(trades), where: { bid: 1 } }]))).toContain('DW_FIELD_UNKNOWN');
  });

  test('gives batches of columns that are the caller\'s own', async () => {
    const [batch] = await listed(platform.merge([trades, { feed: quotes, columns: ['bid'] }]).batches());
    expect(batch?.length).toBe(6);
    expect([...batch?.source ?? []]).toEqual([0, 1, 0, 0, 1, 0]);
    expect([...batch?.row ?? []]).toEqual([0, 0, 1, 2, 1, 3]);
    expect(batch?.feeds.map(({ columns }) => Object.keys(columns))).toEqual([['price', 'venue', 'ts'], ['bid']]);
    expect([...batch?.feeds[0]?.columns['price'] as Float64Array]).toEqual([10, 11, 12, 13]);
    expect([...batch?.feeds[0]?.sequences ?? []]).toEqual([0, 1, 2, 3]);
    expect(batch).toMatchObject({ base: 0n, unit: 'us' });
    expect([...batch?.times ?? []]).toEqual([0, 0, 999, 1000, 1000, 5000].map((us) => US + us));
    (batch?.feeds[0]?.columns['price'] as Float64Array).fill(0);
    expect([...platform.merge([{ feed: trades, columns: ['price'] }])].map(({ record }) => record)).toEqual([[10], [11], [12], [13]]);
  });

  test('sees what there was when the iteration began, while a writer goes on', async () => {
    const busy = await platform.createFeed({ ...TRADES, name: 'busy', chunkSizeBytes: 65_536, ringRecords: 256 });
    const writer = await platform.createWriter(busy);
    for (let i = 0; i < 5000; i++) writer.writeValues(i, 'X', US + i);
    let n = 0;
    for await (const { record, sequence } of platform.merge([busy, trades])) {
      // As many again, so that what lay in the ring is overwritten before the merge is there.
      if (n < 5000) writer.writeValues(-1, 'late', US + 6000 + n);
      if (record[1] !== 'X') continue;
      expect([record[0], sequence]).toEqual([n, n]);
      n += 1;
    }
    expect(n).toBe(5000);
    await writer.close();
  });

  test('ends with its signal, when the loop is left, and with its platform', async () => {
    const stop = new AbortController();
    let n = 0;
    expect(await failure(async () => {
      for await (const _ of platform.merge([trades, quotes], { signal: stop.signal })) if (++n === 2) stop.abort();
    })).toMatch(/^20: |AbortError/);
    expect(n).toBe(2);
    for await (const _ of platform.merge([trades])) break;
    const other = await filled();
    const merged = other.platform.merge([other.trades]);
    await other.platform.close();
    expect(await failure(() => listed(merged))).toContain('DW_PLATFORM_CLOSED');
  });

  test('ends batches with its signal, with no batch after it', async () => {
    const many = await platform.createFeed({ ...TRADES, name: 'many' });
    const writer = await platform.createWriter(many);
    for (let i = 0; i < 20_000; i++) writer.writeValues(i, 'X', US + i);
    const stop = new AbortController();
    let rows = 0;
    expect(await failure(async () => {
      for await (const { length } of platform.merge([many, trades], { signal: stop.signal }).batches()) {
        rows += length;
        stop.abort(new Error('enough'));
      }
    })).toBe('Error: enough');
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(20_000);
    await writer.close();
  });

  test('runs in worker threads from handles, and stops with them', async () => {
    const handle = platform.subscription(trades);
    const worker = new Worker(new URL('workers/merge.mjs', import.meta.url), { workerData: [handle, platform.subscription(quotes)] });
    const told = await new Promise((resolve, reject) => { worker.once('message', resolve).once('error', reject); });
    expect(told).toEqual({ merged: [0, 1, 0, 0, 1, 0], joined: [['9.99', 10], ['9.99', 11], ['10.01', 12], ['10.01', 13]] });
  });

  test.each([
    ['an unknown feed', () => platform.merge(['trade']), 'DW_FEED_UNKNOWN'],
    ['no feed', () => platform.merge([]), 'DW_OPTION_INVALID: A merge needs at least one feed'],
    ['no list', () => platform.merge('trades' as never), 'DW_OPTION_INVALID: feeds is'],
    ['an unknown field', () => platform.merge([{ feed: trades, columns: ['prize'] }]), 'DW_FIELD_UNKNOWN'],
    ['an unknown clock', () => platform.merge([{ feed: trades, by: 'received' }]), 'DW_OPTION_INVALID: by is'],
    ['an unknown key', () => platform.merge([{ feed: trades, column: ['price'] } as never]), 'DW_OPTION_INVALID: There is no option'],
    ['an unknown order', () => platform.merge([trades], { order: 'sequence' as never }), 'DW_OPTION_INVALID: order is'],
    ['an unknown format', () => platform.merge([trades], { format: 'raw' as never }), 'DW_OPTION_INVALID: format is'],
    ['a range that ends before it starts', () => platform.merge([trades], { start: 2, end: 1 }), 'DW_RANGE_INVALID'],
    ['a time that is none', () => platform.merge([trades], { start: 1.5 }), 'DW_RANGE_INVALID'],
    ['a number on a clock in ns', () => platform.merge([{ feed: quotes, by: 'received' }], { start: 1.7e18 }), 'DW_RANGE_INVALID'],
    ['what is no signal', () => platform.merge([trades], { signal: {} as never }), 'DW_OPTION_INVALID: signal is'],
    ['more feeds than it takes', () => [...platform.merge(Array.from({ length: 513 }, () => 'trades'))], 'DW_LIMIT_EXCEEDED'],
  ])('refuses %s', async (_, call, message) => {
    expect(await failure(call)).toContain(message);
  });
});

describe('platform.asOf', () => {
  test('gives each trade with the quote that stood, in every format, with its types', async () => {
    const tuples = await platform.asOf(trades, quotes, { columns: ['price'], rightColumns: ['bid'] }).all();
    expectTypeOf(tuples).toEqualTypeOf<[number, string | undefined][]>();
    expect(tuples).toEqual([[10, '9.99'], [11, '9.99'], [12, '10.01'], [13, '10.01']]);
    const objects = await platform.asOf(trades, quotes, { format: 'object', columns: ['price', 'venue'], rightColumns: ['bid'] }).all();
    expectTypeOf(objects[0]?.quotes_bid).toEqualTypeOf<string | undefined>();
    expect(objects[1]).toEqual({ price: 11, venue: 'XLON', quotes_bid: '9.99' });
    const columns = await platform.asOf(trades, quotes, { format: 'columns', strict: true, prefix: 'q_' }).all();
    expectTypeOf(columns.q_bid).toEqualTypeOf<BigInt64Array>();
    expect(Object.keys(columns)).toEqual(['price', 'venue', 'ts', 'q_bid', 'q_received', 'q_ts', 'matched']);
    expect([...columns.matched]).toEqual([0, 1, 1, 1]);
    expect([...columns.q_bid]).toEqual([0n, 999n, 999n, 1001n]);
    expect(await listed(platform.asOf(trades, quotes, { columns: ['price'], rightColumns: ['bid'] }).batches())).toEqual([tuples]);
  });

  test('filters either side: what prevails is the latest that matches, however far back', () => {
    const columns = { columns: ['price'], rightColumns: ['bid'] } as const;
    expect(platform.asOf(trades, quotes, { ...columns, where: { venue: 'XNAS' }, rightWhere: { bid: { lt: 10 } } }).allSync()).toEqual([[10, '9.99'], [12, '9.99'], [13, '9.99']]);
    expect(platform.asOf(trades, quotes, { ...columns, start: US + 5000, rightWhere: { bid: { ne: '10.01' } } }).allSync()).toEqual([[13, '9.99']]);
    expect(platform.asOf(trades, quotes, { ...columns, rightWhere: { bid: 0 } }).allSync().map(([, bid]) => bid)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('leaves out quotes that are too old, and goes by other clocks', () => {
    expect(platform.asOf(trades, quotes, { columns: ['price'], rightColumns: ['bid'], tolerance: 0.000_999 }).allSync())
      .toEqual([[10, '9.99'], [11, '9.99'], [12, '10.01'], [13, undefined]]);
    expect(platform.asOf(trades, quotes, { columns: ['price'], rightColumns: ['bid'], rightBy: 'received', start: US, end: US + 1001 }).allSync())
      .toEqual([[10, undefined], [11, '9.99'], [12, '9.99']]);
  });

  test.each([
    ['an unknown right feed', () => platform.asOf(trades, 'quote'), 'DW_FEED_UNKNOWN'],
    ['a tolerance below 0', () => platform.asOf(trades, quotes, { tolerance: -1 }), 'DW_OPTION_INVALID: tolerance is'],
    ['a tolerance beyond what numbers hold', () => platform.asOf(trades, quotes, { tolerance: 1e305 }), 'DW_OPTION_INVALID: tolerance is'],
    ['a tolerance that is no number', () => platform.asOf(trades, quotes, { tolerance: NaN }), 'DW_OPTION_INVALID: tolerance is'],
    ['names that clash', () => platform.asOf(trades, quotes, { format: 'object', prefix: '' }), 'DW_OPTION_INVALID: The join would have two fields called ts'],
    ['a field called matched', () => platform.asOf(trades, quotes, { format: 'columns', columns: ['price'], rightColumns: ['bid'], prefix: 'matched' as string }), undefined],
    ['an unknown format', () => platform.asOf(trades, quotes, { format: 'raw' as never }), 'DW_OPTION_INVALID: format is'],
    ['a range that ends before it starts', () => platform.asOf(trades, quotes, { start: 2, end: 1 }), 'DW_RANGE_INVALID'],
    ['a filter for the other side', () => platform.asOf(trades, quotes, { rightWhere: { venue: 'XNAS' } as never }), 'DW_FIELD_UNKNOWN'],
    ['an unknown right field', () => platform.asOf(trades, quotes, { rightColumns: ['ask' as never] }), 'DW_FIELD_UNKNOWN'],
  ])('takes or refuses %s', async (_, call, message) => {
    if (message === undefined) call();
    else expect(await failure(call)).toContain(message);
  });
});
