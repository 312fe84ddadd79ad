/** What a reader of the store may answer: what was written, or an error of ours. */
import { DeepwaterError, ERROR_CODES } from '../../../core/dist/index.js';
import { SYNCED_ROWS, T0, isMarked, recordOf } from './store.mjs';

const START = T0 - 1000;
const END = T0 + 10_000_000;
const rowsOf = (sequences) => sequences.map(recordOf);
const ts = (sequence) => recordOf(sequence)[4];
const recv = (sequence) => recordOf(sequence)[3];
const between = (clock, from, to) => (sequences) => sequences.filter((sequence) => clock(sequence) >= from && clock(sequence) < to);
/** The greatest time up to a limit, of equal ones the last. */
const greatest = (sequences, limit) => sequences.reduce((best, sequence) => (ts(sequence) <= limit && (best === undefined || ts(sequence) >= ts(best)) ? sequence : best), undefined);
const pointOf = (sequence) => ({ sequence, time: ts(sequence), times: { ts: ts(sequence), recv: recv(sequence) } });
const columnsOf = (sequences) => {
  const rows = rowsOf(sequences);
  return { price: rows.map(([price]) => price), size: rows.map(([, size]) => size), ts: rows.map((row) => row[4]) };
};
const plainColumns = (columns) => ({ price: Array.from(columns.price), size: Array.from(columns.size), ts: Array.from(columns.ts, Number) });
const barsOf = (sequences, ticks) => {
  const bars = [];
  for (let i = 0; i < sequences.length; i += ticks) {
    const rows = rowsOf(sequences.slice(i, i + ticks));
    const prices = rows.map(([price]) => price);
    bars.push([prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1), rows.reduce((sum, [, size]) => sum + size, 0), rows.length]);
  }
  return bars;
};
const timeBarsOf = (sequences, width) => {
  const bars = new Map();
  for (const sequence of sequences) {
    const [price, size, , , time] = recordOf(sequence);
    const start = Math.floor(time / width) * width;
    const bar = bars.get(start) ?? [start, price, price, price, price, 0];
    bar[2] = Math.max(bar[2], price);
    bar[3] = Math.min(bar[3], price);
    bar[4] = price;
    bar[5] += size;
    bars.set(start, bar);
  }
  return [...bars.values()].sort(([a], [b]) => a - b);
};

/** Reads by name: what a reader gives, and what it should, of some records. */
export const READS = {
  all: [(reader) => reader.rangeSync(START, END), rowsOf],
  part: [(reader) => reader.rangeSync(T0 + 300, T0 + 1500), (s) => rowsOf(between(ts, T0 + 300, T0 + 1500)(s))],
  byRecv: [(reader) => reader.rangeSync(T0 + 1203, T0 + 1400, { by: 'recv' }), (s) => rowsOf(between(recv, T0 + 1203, T0 + 1400)(s))],
  limited: [(reader) => reader.rangeSync(T0 + 800, END, { limit: 9 }), (s) => rowsOf(between(ts, T0 + 800, END)(s)).slice(0, 9)],
  columns: [(reader) => plainColumns(reader.rangeSync(START, END, { format: 'columns', columns: ['price', 'size', 'ts'] })), columnsOf],
  segments: [(reader) => reader.rangeSync(T0 + 500, T0 + 1600, { format: 'segments', columns: ['price', 'size', 'ts'] }).map(plainColumns)
    .reduce((sum, { price, size, ts: times }) => ({ price: [...sum.price, ...price], size: [...sum.size, ...size], ts: [...sum.ts, ...times] }), { price: [], size: [], ts: [] }),
  (s) => columnsOf(between(ts, T0 + 500, T0 + 1600)(s))],
  batches: [(reader) => [...reader.batchesSync(T0 + 100, T0 + 1000, { columns: ['price', 'size', 'ts'] })].flatMap((batch) => plainColumns(batch).price),
    (s) => columnsOf(between(ts, T0 + 100, T0 + 1000)(s)).price],
  where: [(reader) => reader.rangeSync(START, END, { where: { side: 'cross', size: { gt: 300 } } }), (s) => rowsOf(s).filter(([, size, side]) => side === 'cross' && size > 300)],
  last: [(reader) => reader.lastSync(20), (s) => rowsOf(s.slice(-20))],
  latest: [(reader) => reader.latestSync(0.0005), (s) => {
    const newest = Math.max(...s.map(ts));
    return rowsOf(s.filter((sequence) => ts(sequence) >= newest - 500));
  }],
  at: [(reader) => reader.atSync(T0 + 955), (s) => recordOf(greatest(s, T0 + 955))],
  atEnd: [(reader) => reader.atSync(END), (s) => recordOf(greatest(s, END))],
  newest: [(reader) => reader.newest({ now: END }), (s) => ({ time: ts(greatest(s, END)), sequence: greatest(s, END), wild: 0 })],
  bounds: [(reader) => reader.bounds().first, (s) => s[0]],
  readFrom: [(reader) => reader.readFromSync(50, 90), (s) => {
    const wanted = s.filter((sequence) => sequence >= 50).slice(0, 90);
    return { records: rowsOf(wanted), count: wanted.length, first: wanted[0], next: wanted.at(-1) + 1 };
  }],
  tickBars: [(reader) => reader.barsSync(START, END, { ticks: 10 }).map(({ open, high, low, close, volume, count }) => [open, high, low, close, volume, count]), (s) => barsOf(s, 10)],
  timeBars: [(reader) => reader.barsSync(START, END, { resolution: '1ms' }).map(({ start, open, high, low, close, volume }) => [start, open, high, low, close, volume]), (s) => timeBarsOf(s, 1000)],
  sideBars: [(reader) => reader.barsSync(START, END, { ticks: 25, side: { field: 'side', buy: 'buy', sell: ['sell', 'never'] } }).map(({ buyVolume, sellVolume }) => [buyVolume, sellVolume]), (s) => {
    const bars = [];
    for (let i = 0; i < s.length; i += 25) {
      const volume = (wanted) => rowsOf(s.slice(i, i + 25)).reduce((sum, [, size, side]) => sum + (side === wanted ? size : 0), 0);
      bars.push([volume('buy'), volume('sell')]);
    }
    return bars;
  }],
  aggregate: [(reader) => reader.aggregateSync(T0 + 200, END, { aggregates: { n: 'count', sum: { sum: 'size' }, least: { min: 'price' }, most: { max: 'price' } } }), (s) => {
    const rows = rowsOf(between(ts, T0 + 200, END)(s));
    const prices = rows.map(([price]) => price);
    return { n: rows.length, sum: rows.reduce((sum, [, size]) => sum + size, 0), least: Math.min(...prices), most: Math.max(...prices) };
  }],
  aggregateWhere: [(reader) => reader.aggregateSync(START, END, { where: { side: 'buy' }, aggregates: { n: 'count', sum: { sum: 'size' } } }), (s) => {
    const rows = rowsOf(s).filter(([, , side]) => side === 'buy');
    return { n: rows.length, sum: rows.reduce((sum, [, size]) => sum + size, 0) };
  }],
  indexPoints: [(reader) => reader.indexPointsSync(START, END), (s) => s.filter(isMarked).map(pointOf)],
  indexPoint: [(reader) => reader.indexPointSync(T0 + 900), (s) => pointOf(s.filter((sequence) => isMarked(sequence) && ts(sequence) <= T0 + 900).at(-1))],
  countIndexPoints: [(reader) => reader.countIndexPoints(), (s) => s.filter(isMarked).length],
  stream: [(reader, count) => {
    // Exactly as many as there must be: behind them it would wait.
    const stream = reader.streamSync({ start: START, allowMainThread: true, onLoss: ({ from, to }) => { throw new DeepwaterError('DW_FILE_CORRUPT', `told as lost: ${from} to ${to}`); } });
    const records = [];
    try {
      while (records.length < count) records.push(stream.next().value);
    } finally {
      stream.return();
    }
    return records;
  }, rowsOf],
};

const NAMES = Object.keys(READS).filter((name) => name !== 'all');
const text = (value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each)) ?? 'undefined';

/** Whether an answer is what a model says. Answers are compared a million times and more: never as text. */
function same(given, wanted) {
  if (given === wanted) return true;
  if (typeof given === 'bigint') return Number(given) === wanted;
  if (typeof given !== 'object' || typeof wanted !== 'object' || given === null || wanted === null) return false;
  if (Array.isArray(wanted)) return given.length === wanted.length && startsWith(given, wanted);
  const keys = Object.keys(wanted);
  return Object.keys(given).length === keys.length && keys.every((key) => same(given[key], wanted[key]));
}

function startsWith(given, wanted) {
  if (given.length < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (!same(given[i], wanted[i])) return false;
  return true;
}

/** Knows what each read of one store may give. */
export class Oracle {
  #answers = new Map();

  /** @param store what `makeStore` gave */
  constructor({ sequences, variant, chunkRows, ringSlots }) {
    const inRing = variant === 'killed' ? 10 : 0;
    const unsure = variant === 'outage' ? chunkRows.at(-1) - SYNCED_ROWS : 0;
    /** Records that are there whatever happens; more of them in this order may be. */
    this.least = sequences.length - unsure;
    this.leastWithoutRing = sequences.length - inRing - unsure;
    this.sequences = sequences;
    this.ringSlots = ringSlots;
  }

  /**
   * What a read must not give: anything but what was written.
   * @param ring `whole`: its records have to be there; `gone`: they need not be; `changed`: what is in memory was changed, and nothing is
   *   said of the records in it; those in chunks come before them all the same
   * @returns what is wrong, or undefined; and the code of the error where there was one
   */
  judge(name, reader, ring) {
    const [read, model] = READS[name];
    const least = ring === 'whole' ? this.least : this.leastWithoutRing;
    let given;
    try {
      given = read(reader, least);
    } catch (error) {
      if (error instanceof DeepwaterError && Object.hasOwn(ERROR_CODES, error.code)) return { code: error.code };
      return { wrong: `${name} failed with ${error?.stack ?? error}` }; // with --only, where from as well
    }
    if (ring === 'changed') {
      if (name !== 'all' || startsWith(given, this.#answer(name, model, this.leastWithoutRing))) return {};
    }
    for (let end = this.sequences.length; end >= least; end--) if (same(given, this.#answer(name, model, end))) return {};
    given = text(given);
    const wanted = text(this.#answer(name, model, this.sequences.length));
    let at = 0;
    while (at < given.length && given[at] === wanted[at]) at += 1;
    const around = (answer) => answer.slice(Math.max(0, at - 120), at + 200);
    return { wrong: `${name} gave an answer of ${given.length} characters in place of ${wanted.length}; at ${at}: ${around(given)}\nin place of ${around(wanted)}` };
  }

  #answer(name, model, end) {
    const key = `${name}/${end}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) this.#answers.set(key, (answer = model(this.sequences.slice(0, end))));
    return answer;
  }

  /** Some reads by chance, after that of everything. */
  choose(random, count) {
    return ['all', ...Array.from({ length: count }, () => NAMES[Math.floor(random() * NAMES.length)])];
  }
}
