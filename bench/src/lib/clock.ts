import { type Sample, sampleOf } from './sample.js';

/**
 * Nanoseconds since some moment, below 2^53. Inlined into a hot loop it allocates nothing: `process.hrtime()` fills a buffer
 * and its pair of numbers never leaves the registers, whereas `performance.now()` and `hrtime.bigint()` make an object a call.
 */
export function nowNs(): number {
  const time = process.hrtime();
  return time[0] * 1e9 + time[1];
}

/** What one look at the clock costs, ns: the smallest thing that can be timed. */
export function clockCostNs(): Sample {
  const looks = 200_000;
  const costs: number[] = [];
  for (let run = 0; run < 6; run++) {
    const started = nowNs();
    let last = started;
    for (let i = 1; i < looks; i++) last = nowNs();
    if (run > 0) costs.push((last - started) / (looks - 1));
  }
  return sampleOf(costs);
}

/** Seconds that something takes. */
export function secondsOf(run: () => void): number {
  const started = nowNs();
  run();
  return (nowNs() - started) / 1e9;
}
