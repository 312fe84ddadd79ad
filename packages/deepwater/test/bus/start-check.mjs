/** Streams begun at random places, and the check that each gives every record from there on: once, whole, in order. */
import { FEEDS, checkOf, specOf, timeOf } from './record.mjs';

/** Chunks of some thousand records and a ring of two thousand: at a hundred records a millisecond both turn over every few milliseconds. */
export const startsFeed = (name) => {
  const { chunkSizeMb: _, ...spec } = specOf('kept');
  return { ...spec, name, chunkSizeBytes: 24 * 1024, ringRecords: 2048 };
};

/** The values of record n, in field order. */
export const valuesOf = (n) => [n, checkOf(FEEDS.kept, n), n % 65536, timeOf(n)];

export const KINDS = ['all', 'history', 'recent', 'border', 'future', 'live'];

/** Records before `now` that are taken one by one; from further back, in batches of columns. */
const ONE_BY_ONE_MAX = 20_000;

/** @param now number of the next record. @returns the options of a stream, and what it has to begin with */
export function chooseStart(random, now) {
  const kind = KINDS[Math.floor(random() * KINDS.length)];
  const from = Math.max(0, {
    all: () => 0,
    history: () => Math.floor(now * random()),
    recent: () => now - Math.floor(3000 * random() ** 2),
    border: () => now - 3 + Math.floor(7 * random()),
    future: () => now + Math.floor(300 * random()),
    live: () => now,
  }[kind]());
  const byTime = kind !== 'live' && random() < 0.5;
  const format = now - from > ONE_BY_ONE_MAX ? 'columns' : ['tuple', 'object', 'columns'][Math.floor(3 * random())];
  const place = kind === 'live' ? {} : byTime ? { start: timeOf(from) - (kind === 'all' ? 1e6 : 0) } : { fromSequence: from };
  const batchRows = format === 'columns' && random() < 0.5 ? { batchRows: 1 + Math.floor(900 * random()) } : {};
  return { kind, from, byTime, options: { ...place, format, ...batchRows } };
}

export class StartCheck {
  records = 0;
  /** Number of the record that has to come next; -1 before the first. */
  expected = -1;

  /** @param before, after the number of the next record, just before and just after the stream was made */
  constructor(start, before, after, stream) {
    this.start = start;
    this.before = before;
    this.after = after;
    this.stream = stream;
    this.position = stream.position;
  }

  take(item) {
    const { format } = this.start.options;
    if (format === 'tuple') this.#record(...item);
    else if (format === 'object') this.#record(item.n, item.check, item.low, item.ts);
    else this.#batch(item);
  }

  /** Holds what the stream says of itself against what it gave. */
  end() {
    const { lost, position } = this.stream;
    if (lost !== 0) this.fail(`${lost} records of a persisted feed were lost`);
    if (position !== this.expected) this.fail(`the stream says that it is at ${position}`);
  }

  fail(what) {
    const { start, before, after, position, expected, records, stream } = this;
    throw new Error(`${what}: ${JSON.stringify({ ...start, before, after, position, expected, records, lost: stream.lost, now: stream.position })}`);
  }

  #record(n, check, low, ts) {
    if (this.expected < 0) this.#begin(n);
    const want = this.expected;
    if (n !== want || check !== checkOf(FEEDS.kept, want) || low !== want % 65536 || ts !== timeOf(want)) this.fail(`a torn or misplaced record ${JSON.stringify([n, check, low, ts])}`);
    this.expected += 1;
    this.records += 1;
  }

  #batch({ n, check, low, ts, rows, firstSequence }) {
    const { batchRows = Infinity } = this.start.options;
    if (rows === 0 || rows > batchRows || n.length !== rows || firstSequence !== n[0]) this.fail(`a batch of ${rows} rows from ${firstSequence}, of which the first is ${n[0]}`);
    for (let i = 0; i < rows; i++) this.#record(n[i], check[i], low[i], Number(ts[i]));
  }

  /** The first record: the one that was asked for, or, of a time that was still to come, the first after the stream was made. */
  #begin(first) {
    const { start: { kind, from, byTime }, before, after, position } = this;
    const right =
      kind === 'live' ? first === position && first >= before && first <= after
      : !byTime || from <= before ? first === from
      : first >= before && first <= Math.min(from, after);
    if (!right) this.fail(`the first record is ${first}`);
    this.expected = first;
  }
}
