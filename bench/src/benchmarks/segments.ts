import { chunkPath, closeFile, feedPaths, mapFile, openExisting, regularFileSize } from '@deepwater/core';
import type { Segment } from 'deepwater';
import { type Benchmark, type Line, atMost, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type BenchColumns, type BenchSpec, FIRST_TIME_US, priceOf, timeOf, wrongColumns } from '../lib/records.js';
import { type Sample, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed } from '../lib/writing.js';

const TARGET_US = 50;
/** The largest range may cost this much more than the smallest and still be called flat. */
const FLAT = 1.5;
/** A chunk of 64 MB holds about 2.8 M rows. */
const ROWS = 2_600_000;
const SIZES = [10_000, 100_000, 1_000_000, 2_000_000] as const;
const SEED = 20_261_120;

type BenchSegment = Segment<BenchColumns>;

/** Numbers from 0 to 1, the same in every run (Numerical Recipes' generator). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What is wrong at the ends of a segment; the middle was checked once. */
function wrongEnds([segment, ...more]: readonly BenchSegment[], from: number, rows: number): string | undefined {
  if (segment === undefined || more.length > 0 || segment.rows !== rows) return `${more.length + 1} segments, the first of ${segment?.rows} rows, not one of ${rows}`;
  const { price, timestamp } = segment.columns;
  const last = rows - 1;
  const holds = price[0] === priceOf(from) && price[last] === priceOf(from + last) &&
    Number(timestamp[0]) === timeOf(from) && Number(timestamp[last]) === timeOf(from + last) && price.length === rows;
  return holds ? undefined : `rows from ${from} begin with time ${timestamp[0]} and end with ${timestamp[last]}`;
}

export const segments: Benchmark = {
  name: 'segments',
  title: 'a range as zero-copy columns, of any size',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    await fillFeed(platform, 'ticks', ROWS);
    const reader = await platform.createReader<BenchSpec>('ticks');
    const rangeOf = (from: number, rows: number): BenchSegment[] =>
      reader.rangeSync(FIRST_TIME_US + from, FIRST_TIME_US + from + rows, { format: 'segments' });
    const random = seeded(SEED);
    const problems: string[] = [];
    const times = new Map<number, number[]>(SIZES.map((rows) => [rows, []]));
    const bare: number[] = [];
    const chunk = chunkPath(feedPaths(basePath, 'ticks'), 1);

    for (const rows of SIZES) {
      const [whole] = rangeOf(1, rows);
      const wrong = whole === undefined ? 'no segment' : wrongColumns(whole.columns, 1);
      if (wrong !== undefined) problems.push(`${rows} rows: ${wrong}`);
    }
    const warmUp = 30;
    const calls = context.pick(500, 50);
    for (let call = -warmUp; call < calls; call++) {
      for (const rows of SIZES) {
        const from = Math.floor(random() * (ROWS - rows));
        const started = nowNs();
        const got = rangeOf(from, rows);
        const took = nowNs() - started;
        if (call >= 0) times.get(rows)!.push(took / 1000);
        const wrong = wrongEnds(got, from, rows);
        if (wrong !== undefined && problems.length < 5) problems.push(`${rows} rows: ${wrong}`);
        for (const segment of got) segment.release();
      }
      const took = bareMapping(chunk);
      if (call >= 0) bare.push(took);
      if (call % 25 === 0) global.gc?.(); // mappings go when they are collected; a process can hold so many
    }
    await reader.close();

    const peers = [{ name: 'mapping the chunk privately and nothing else', sample: sampleOf(bare) }];
    const samples = SIZES.map((rows): [number, Sample] => [rows, sampleOf(times.get(rows)!)]);
    const [smallest, largest] = [samples[0][1], samples[samples.length - 1][1]];
    const flatness = sampleOf([largest.median / smallest.median]);
    return [
      ...samples.map(([rows, sample]): Line => line({
        id: `segments-${rows}`, what: `range of ${rows.toLocaleString('en')} rows as zero-copy segments, p50 of ${calls} calls`, unit: 'us', sample, problems,
        ...(rows === 2_000_000 ? { target: atMost(sample, TARGET_US, 'us'), peers } : {}),
      })),
      line({
        id: 'segments-flat', what: 'the largest of these ranges against the smallest', unit: '×', sample: flatness, problems,
        target: { text: `≤ ${FLAT} ×`, met: flatness.median <= FLAT },
      }),
    ];
  }),
};

/** The floor: opening a file and mapping all of it, us. */
function bareMapping(path: string): number {
  const started = nowNs();
  const fd = openExisting(path, false);
  const mapped = mapFile(fd, { path, length: regularFileSize(fd, path), mode: 'private' });
  closeFile(fd);
  const took = nowNs() - started;
  if (mapped.fileBytes === 0) throw new RangeError('nothing was mapped');
  return took / 1000;
}
