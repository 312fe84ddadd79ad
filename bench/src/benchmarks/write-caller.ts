import { type Benchmark, atMost, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, RECORD_BYTES, benchFeed, priceOf, sizeOf, timeOf } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { warmUpWriting, writeRun, wrongFeed } from '../lib/writing.js';

const TARGET_NS = 15;
const RING_RECORDS = 2 ** 17;
/** A quarter of the ring: the writer never waits, and the flush is outside the clock. */
const RUN = RING_RECORDS / 4;

/** The bare harness: the same stores into the same layout, and nothing of what makes them safe. */
class BareRing {
  readonly f64 = new Float64Array(new SharedArrayBuffer(RING_RECORDS * RECORD_BYTES));
  readonly i32 = new Int32Array(this.f64.buffer);
  readonly head = new Int32Array(new SharedArrayBuffer(128));

  /** The first record that is not as it should be, of the last `RUN` before `end`. */
  wrong(name: string, end: number): string[] {
    if (this.head[0] !== end) return [`${name}: head ${this.head[0]}, not ${end}`];
    for (let n = end - RUN; n < end; n++) {
      const slot = n & (RING_RECORDS - 1);
      const time = this.i32[slot * 6 + 5] * 2 ** 32 + (this.i32[slot * 6 + 4] >>> 0);
      if (this.f64[slot * 3] !== priceOf(n) || this.f64[slot * 3 + 1] !== sizeOf(n) || time !== timeOf(n)) return [`${name}: record ${n} is wrong`];
    }
    return [];
  }
}

function writePlain({ f64, i32, head }: BareRing, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const slot = n & (RING_RECORDS - 1);
    const time = timeOf(n);
    f64[slot * 3] = priceOf(n);
    f64[slot * 3 + 1] = sizeOf(n);
    i32[slot * 6 + 4] = time;
    i32[slot * 6 + 5] = Math.floor(time / 2 ** 32);
    head[0] = n + 1;
  }
}

function writeAtomic({ f64, i32, head }: BareRing, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const slot = n & (RING_RECORDS - 1);
    const time = timeOf(n);
    f64[slot * 3] = priceOf(n);
    f64[slot * 3 + 1] = sizeOf(n);
    i32[slot * 6 + 4] = time;
    i32[slot * 6 + 5] = Math.floor(time / 2 ** 32);
    Atomics.store(head, 0, n + 1);
  }
}

/** Times one run of records, ns each. */
function nsEach(run: () => void): number {
  const started = nowNs();
  run();
  return (nowNs() - started) / RUN;
}

export const writeCaller: Benchmark = {
  name: 'write-caller',
  title: 'what writing a record costs its caller',
  run: (context) => withStore(context.directory, async (platform) => {
    await warmUpWriting(platform);
    await platform.createFeed(benchFeed('ticks', { ringRecords: RING_RECORDS }));
    const writer = await platform.createWriter<BenchSpec>('ticks');
    const plain = new BareRing();
    const atomic = new BareRing();
    const done = { ours: 0, plain: 0, atomic: 0 };
    const contestants = {
      ours: async () => {
        const cost = nsEach(() => { writeRun(writer, done.ours, done.ours + RUN); });
        done.ours += RUN;
        await writer.flush();
        return cost;
      },
      plain: () => {
        const cost = nsEach(() => { writePlain(plain, done.plain, done.plain + RUN); });
        done.plain += RUN;
        return cost;
      },
      atomic: () => {
        const cost = nsEach(() => { writeAtomic(atomic, done.atomic, done.atomic + RUN); });
        done.atomic += RUN;
        return cost;
      },
    };
    await inTurn(8, contestants); // until everything is compiled
    const costs = await inTurn(context.pick(400, 40), contestants);
    const problems = [
      ...await wrongFeed(platform, 'ticks', done.ours), ...plain.wrong('plain stores', done.plain), ...atomic.wrong('Atomics.store', done.atomic),
    ];
    await writer.close();
    return [line({
      id: 'write-caller', what: 'cost of writeValues to its caller, the ring never full', unit: 'ns', sample: costs.ours, target: atMost(costs.ours, TARGET_NS, 'ns'),
      peers: [
        { name: 'the same stores, head stored plainly', sample: costs.plain },
        { name: 'the same stores, Atomics.store of the head', sample: costs.atomic },
      ],
      problems,
      notes: [`runs of ${RUN} records, the flush between them outside the clock`],
    })];
  }),
};
