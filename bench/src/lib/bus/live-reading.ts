import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Platform, Reader, RowView, Subscription, Writer } from 'deepwater';
import type { FullSpeedOrder } from '../../children/full-speed-writer.js';
import { nowNs } from '../clock.js';
import { type BenchSpec, FIRST_TIME_US, type Sums, addUp, expectedSums, priceOf, sizeOf, timeOf, wrongSums } from '../records.js';
import { writeRun } from '../writing.js';

/** Records of a memory feed, written in pieces outside the clock and read inside it. Wrong values go to `problems`. */
export class LiveReading {
  readonly problems: string[] = [];
  #written = 0;

  constructor(
    private readonly writer: Pick<Writer<BenchSpec>, 'writeValues'>,
    /** Records a piece: less than the ring holds. */
    private readonly piece: number,
    private readonly repeats: number,
  ) {}

  /** Million records a second. @param read takes the records [from, to) and says what is wrong with them */
  #rate(read: (from: number, to: number) => string | undefined): number {
    let ns = 0;
    for (let i = 0; i < this.repeats; i++) {
      const from = this.#written;
      this.#written += this.piece;
      writeRun(this.writer, from, this.#written);
      const started = nowNs();
      const wrong = read(from, this.#written);
      ns += nowNs() - started;
      if (wrong !== undefined && this.problems.length < 5) this.problems.push(wrong);
    }
    return (this.repeats * this.piece) / ns * 1000;
  }

  /** Run by run: that one follows the other, and the first and the last record of each. */
  runs(subscription: Subscription<BenchSpec>): number {
    return this.#rate((from, to) => {
      let next = from;
      for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) {
        if (run.firstSequence !== next || isWrong(run.row(0), next)) return `a run that should begin with ${next} begins with ${run.firstSequence}`;
        next += run.length;
        if (isWrong(run.row(run.length - 1), next - 1)) return `record ${next - 1} is wrong`;
      }
      return next === to ? undefined : `records up to ${next}, not ${to}`;
    });
  }

  /** Every value of every record, through the flyweight. */
  records(subscription: Subscription<BenchSpec>): number {
    // Not variables of a closure: V8 makes an object for each number that is stored in one.
    const sums = new Float64Array(3);
    const visit = (row: RowView<BenchSpec>): void => {
      sums[0] += row.price;
      sums[1] += row.size;
      sums[2] += row.timestamp - FIRST_TIME_US;
    };
    return this.#rate((from, to) => {
      sums.fill(0);
      for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) run.forEach(visit);
      return wrongSums({ price: sums[0], size: sums[1], time: sums[2] }, expectedSince(from, to));
    });
  }

  /** Every value of every record, in batches of columns. */
  batches(reader: Reader<BenchSpec>): number {
    const stream = reader.streamSync({ format: 'columns', fromSequence: this.#written, spin: true, allowMainThread: true });
    try {
      return this.#rate((from, to) => {
        const sums: Sums = { price: 0, size: 0, time: 0 };
        for (let next = from; next < to; ) {
          const { value } = stream.next();
          if (value === undefined) return 'the stream has ended';
          addUp(value.columns, sums);
          next += value.rows;
        }
        return wrongSums(sums, expectedSums(from, to));
      });
    } finally {
      stream.return?.();
    }
  }

  get written(): number {
    return this.#written;
  }
}

/**
 * What the records [from, to) add up to where times count from the first. A remainder of a time, as other sums have it, is a
 * call of `fmod` for each record: 20 ns, more than it takes to read one.
 */
export function expectedSince(from: number, to: number): Sums {
  return { ...expectedSums(from, to), time: (to * (to - 1) - from * (from - 1)) / 2 };
}

function isWrong(row: RowView<BenchSpec>, n: number): boolean {
  return row.sequence !== n || row.price !== priceOf(n) || row.size !== sizeOf(n) || row.timestamp !== timeOf(n);
}

/** What a subscriber did beside a thread that writes at full speed. */
export interface BusyRun {
  /** Million records a second that were taken, from the first to the last that was written. */
  readonly rate: number;
  readonly lost: number;
  readonly problems: readonly string[];
}

/** Takes records of a memory feed while a thread writes them as fast as it can, every value of each held against arithmetic. */
export async function readBusily(platform: Platform, feed: string, subscription: Subscription<BenchSpec>, from: number, records: number): Promise<BusyRun> {
  const go = new Int32Array(new SharedArrayBuffer(4));
  const order: FullSpeedOrder = { handle: platform.writerHandle(feed), from, records, go };
  const worker = new Worker(new URL('../../children/full-speed-writer.js', import.meta.url), { workerData: order });
  await once(worker, 'message');
  const ended = once(worker, 'exit');
  const lostBefore = subscription.lost;
  const end = from + records;
  const problems: string[] = [];
  const counts = Float64Array.of(from, 0);
  const visit = (row: RowView<BenchSpec>): void => {
    const n = row.sequence;
    if ((n < counts[0] || isWrong(row, n)) && problems.length < 5) problems.push(`record ${n} is (${row.price}, ${row.size}, ${row.timestamp})`);
    counts[0] = n + 1;
    counts[1] += 1;
  };
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  const started = nowNs();
  while (subscription.position < end) subscription.next(1000)?.forEach(visit);
  const ns = nowNs() - started;
  await ended;
  const lost = subscription.lost - lostBefore;
  if (counts[1] + lost !== records) problems.push(`${counts[1]} records and ${lost} lost, not ${records}`);
  return { rate: counts[1] / ns * 1000, lost, problems };
}
