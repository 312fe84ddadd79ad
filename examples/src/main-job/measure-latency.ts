import type { Reader } from 'deepwater';
import type { Window } from './windows.js';

const WARM_UP = 50;
const CALLS = 500;
/** Seed of the places that short ranges are taken from; the same on every run. */
const SEED = 20131008;

/** Microseconds of one call. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface Latencies {
  /** `latest(60)`: the last minute of the feed. */
  readonly latest: Latency;
  /** `range` of one second somewhere in the feed. */
  readonly shortRange: Latency;
  /** The same two without a promise, as a worker thread calls them. */
  readonly latestSync: Latency;
  readonly shortRangeSync: Latency;
}

/** Times single calls for columns; one after the other, so none waits for another. */
export async function measureLatencies(reader: Reader, windows: readonly Window[], unitsPerSecond: number): Promise<Latencies> {
  const random = mulberry32(SEED);
  const place = (): { start: number | bigint; end: number | bigint } => {
    const window = windows[Math.floor(random() * windows.length)];
    const offset = Math.floor(random() * Number(BigInt(window.end) - BigInt(window.start)));
    return typeof window.start === 'bigint'
      ? { start: window.start + BigInt(offset), end: window.start + BigInt(offset + unitsPerSecond) }
      : { start: window.start + offset, end: window.start + offset + unitsPerSecond };
  };
  const format = 'columns';
  return {
    latest: await timeCalls(() => reader.latest(60, { format })),
    shortRange: await timeCalls(() => { const { start, end } = place(); return reader.range(start, end, { format }); }),
    latestSync: await timeCalls(() => reader.latestSync(60, { format })),
    shortRangeSync: await timeCalls(() => { const { start, end } = place(); return reader.rangeSync(start, end, { format }); }),
  };
}

async function timeCalls(call: () => unknown): Promise<Latency> {
  const us: number[] = [];
  for (let i = 0; i < WARM_UP + CALLS; i++) {
    const startedMs = performance.now();
    const result = call();
    if (result instanceof Promise) await result;
    if (i >= WARM_UP) us.push((performance.now() - startedMs) * 1000);
  }
  us.sort((a, b) => a - b);
  return { p50: us[Math.floor(CALLS * 0.5)], p99: us[Math.floor(CALLS * 0.99)] };
}

/** A small generator of numbers in [0, 1) (Tommy Ettinger's mulberry32, public domain). */
function mulberry32(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
