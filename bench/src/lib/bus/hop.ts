import { nowNs } from '../clock.js';
import { priceOf, timeOf } from '../records.js';

/**
 * One hop: a record goes from a publisher to one subscriber. The record has 24 bytes; its `size` is the moment it was due,
 * in ns of CLOCK_MONOTONIC, which all threads and processes of a machine read alike. So latency is one way, not half a
 * round trip, needs no second channel, and counts from the due time (coordinated omission).
 */
export interface HopOrder {
  readonly channel: HopChannel;
  /** How the subscriber waits. */
  readonly wait: 'spin' | 'park';
  /** Records before the first that counts: until everything is compiled. */
  readonly warmUp: number;
  readonly records: number;
}

/** How the subscriber gets at the records. */
export type HopChannel =
  | { readonly kind: 'slots'; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'slots-file'; readonly path: string }
  | { readonly kind: 'handle'; readonly handle: unknown }
  | { readonly kind: 'store'; readonly basePath: string; readonly feed: string };

export interface HopResult {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
  /** When the last record was seen, on the clock that all share. */
  readonly lastNs: number;
  readonly problems: readonly string[];
}

/** Publishes record n, due at a moment. */
export type Publish = (price: number, dueNs: number, timeUs: number) => void;

/** Publishes records at even distances. One that is late does not move those that follow. */
export function publishPaced(publish: Publish, from: number, records: number, intervalNs: number): void {
  let due = nowNs() + 100_000;
  for (let n = from, end = from + records; n < end; n++, due += intervalNs) {
    while (nowNs() < due);
    publish(priceOf(n), due, timeOf(n));
  }
}
