import type { Channel } from '../exchange.js';
import { LatestValues } from './latest-values.js';
import { Rate } from './rate.js';

/** What an ingest counts of everything that comes. */
export class Tally {
  frames = 0;
  bytes = 0;
  gaps = 0;
  missing = 0;
  reconnects = 0;
  resyncs = 0;
  checksums = 0;
  refusals = 0;
  readonly framesRate = new Rate();
  readonly bytesRate = new Rate();
  readonly handling = new LatestValues();
  readonly latencies = new Map<Channel, LatestValues>();
  readonly sinceMs = performance.now();

  latency(channel: Channel, us: number): void {
    let values = this.latencies.get(channel);
    if (values === undefined) this.latencies.set(channel, (values = new LatestValues()));
    values.add(us);
  }

  look(nowMs: number): void {
    this.framesRate.look(this.frames, nowMs);
    this.bytesRate.look(this.bytes, nowMs);
  }
}
