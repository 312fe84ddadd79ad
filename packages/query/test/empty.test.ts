import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FeedReader } from '@deepwater/query';
import type { trades} from './support/small-feed.js';
import { feed, watched } from './support/small-feed.js';

async function expectEmpty(reader: FeedReader<typeof trades>): Promise<void> {
  expect(reader.rangeSync(0, 10)).toEqual([]);
  expect(reader.rangeSync(0, 10, { format: 'columns' })).toEqual({ price: new Float64Array(0), size: new Float64Array(0), ts: new BigUint64Array(0) });
  expect(reader.rangeSync(0, 10, { format: 'raw' })).toEqual(new Uint8Array(0));
  expect(reader.rangeSync(0, 10, { format: 'segments' })).toEqual([]);
  expect(await reader.latest()).toEqual([]);
  expect(reader.lastSync(5)).toEqual([]);
  expect(reader.atSync(5)).toBeUndefined();
  expect(reader.newest()).toBeUndefined();
  expect(reader.bounds()).toEqual({ first: 0, next: 0 });
  expect(reader.readFromSync(0, 5)).toEqual({ records: [], count: 0, first: 0, next: 0 });
  expect([...reader.batchesSync(0, 10)]).toEqual([]);
  expect(reader.explain(0, 10).plan).toEqual({ chunks: [], passedOver: 0, rows: { whole: 0, search: 0, filter: 0 } });
}

describe('a feed without records', () => {
  test('that no writer has opened yet is empty, and is seen once one does', async () => {
    const fixture = feed();
    const aside = path.join(fixture.base, 'aside');
    fs.renameSync(fixture.paths.directory, aside);
    const { reader } = watched(fixture);
    await expectEmpty(reader);
    fs.renameSync(aside, fixture.paths.directory);
    await expectEmpty(reader);
    fixture.write(1, 2, 3);
    expect(reader.rangeSync(0, 10)).toEqual([[1, 2, 3]]);
  });

  test('whose last chunk was deleted keeps its numbers', () => {
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 32 });
    for (let i = 0; i < 64; i++) fixture.write(i, 1, i);
    fixture.drain();
    fixture.deleteOldest();
    const { reader } = watched(fixture);
    expect(reader.rangeSync(0, 100)).toEqual([]);
    expect(reader.bounds()).toEqual({ first: 64, next: 64 });
  });

  test('a field name list and a record format are there from the start', () => {
    const { reader } = watched(feed());
    expect(reader.fieldNames).toEqual(['price', 'size', 'ts']);
    expect(reader.recordFormat).toMatchObject({ fmt: '<ddQ', recordSize: 24 });
  });
});
