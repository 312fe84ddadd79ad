import { expect, test } from 'vitest';
import { FeedReader } from '@deepwater/query';
import { FeedFixture } from './support/feed-fixture.js';

test('smoke', async () => {
  const f = new FeedFixture({ name: 't', fields: [{ name: 'p', type: 'float64' }, { name: 'c', type: 'char' }, { name: 's', type: 'string', bytes: 4 }, { name: 'ts', type: 'uint64' }], timestamp: 'ts' });
  for (let i = 0; i < 1000; i++) f.write(i / 2, 'A', 'abcd', 1_000_000 + i * 10);
  f.drain(700);
  const r = new FeedReader(f.source);
  expect(r.rangeSync(0, 2_000_000)).toEqual(f.records.map((x) => x.values));
  expect(r.rangeSync(1_000_100, 1_000_200)).toEqual(f.records.map((x) => x.values).slice(10, 20));
  expect(await r.range(1_006_000, 1_008_000)).toEqual(f.records.map((x) => x.values).slice(600, 800));
  expect(r.lastSync(5)).toEqual(f.records.map((x) => x.values).slice(-5));
  expect(r.lastSync(500)).toEqual(f.records.map((x) => x.values).slice(-500));
  expect(r.latestSync(0.001)).toEqual(f.records.map((x) => x.values).slice(-101));
  console.log(r.explain(1_000_100, 1_008_200).text, r.newest(), r.bounds(), r.atSync(1_000_105), r.beforeSync(1_000_100), r.atSync(1_009_985));
  console.log(r.rangeSync(1_000_100, 1_000_130, { format: 'columns' }), r.rangeSync(1_000_100, 1_000_130, { format: 'raw' }), r.rangeSync(1_000_100, 1_000_130, { format: 'object', columns: ['ts', 'p'] }));
  console.log(r.rangeSync(1_000_100, 1_008_130, { format: 'segments' }).map((s) => [s.rows, s.firstSequence, s.columns.ts.length]));
  for await (const b of r.batches(0, 2_000_000, { batchRows: 100, columns: ['p'] })) console.log(b.rows, b.firstSequence, b.columns.p[0]);
  let n = 0; for await (const x of r.read()) { expect(x.ts).toBe(1_000_000 + n * 10); n++; }
  expect(n).toBe(1000);
  f.remove();
});
