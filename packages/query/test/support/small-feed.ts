import type { FeedSpecInput } from '@deepwater/core';
import { FeedReader, type ReaderWarning } from '@deepwater/query';
import { afterThisTest } from '../../../../test/support/afterwards.js';
import { FeedFixture, type FixtureOptions } from './feed-fixture.js';

export const trades = {
  name: 'trades',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'float64' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
} as const satisfies FeedSpecInput;

export function feed(spec: FeedSpecInput = trades, options: FixtureOptions = {}): FeedFixture {
  const fixture = new FeedFixture(spec, options);
  afterThisTest(() => { fixture.remove(); });
  return fixture;
}

export interface WatchedReader {
  readonly reader: FeedReader<typeof trades>;
  readonly warnings: ReaderWarning[];
}

export function watched(fixture: FeedFixture): WatchedReader {
  const warnings: ReaderWarning[] = [];
  return { reader: new FeedReader<typeof trades>(fixture.source, { onWarning: (warning) => { warnings.push(warning); } }), warnings };
}

/** The error of a call, or of a promise it gives, as code and message. */
export async function failure(call: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await call();
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message };
  }
  throw new Error('it did not fail');
}
