import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bar, FeedReader, LiveBars } from '@deepwater/query';
import { build, history } from './support/bar-feed.js';
import { assertProperty } from './support/seed.js';

describe('live bars', () => {
  test('are the bars of history, digit for digit, of records that come in order', () => {
    assertProperty(fc.property(history, fc.constantFrom('7ms', '100ms', '1s'), (past, resolution) => {
      const { fixture } = build({ ...past, times: 'rising' });
      const reader = new FeedReader(fixture.source);
      const live = new LiveBars(fixture.spec.name, fixture.schema, { resolution });
      const bars: Bar[] = [];
      for (const record of reader.lastSync(1e6, { format: 'object' })) {
        const bar = live.add(record);
        if (bar !== undefined) bars.push(bar);
      }
      const { epoch, second } = past.shape;
      // The last one is still being made.
      expect(bars).toEqual(reader.barsSync(epoch - second, epoch + 100n * second, { resolution }).slice(0, -1));
    }), 60);
  });
});
