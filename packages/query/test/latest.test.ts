import { describe, expect, test } from 'vitest';
import { feed, watched } from './support/small-feed.js';

const NOW = 1_700_000_000_000_000;
const HOUR = 3_600_000_000;

describe('times far ahead of the wall clock', () => {
  test('do not empty latest: the newest other record counts, and the reader says so once', () => {
    const fixture = feed();
    const now = Date.now() * 1000;
    for (let i = 0; i < 300; i++) fixture.write(i, 1, now - 300_000_000 + i * 1_000_000);
    fixture.write(900, 1, now + 48 * HOUR);
    fixture.drain();
    for (let i = 300; i < 310; i++) fixture.write(i, 1, now - 300_000_000 + i * 1_000_000);
    const { reader, warnings } = watched(fixture);
    expect(reader.latestSync(5).map(([price]) => price)).toEqual([304, 305, 306, 307, 308, 309]);
    expect(reader.latestSync(5)).toHaveLength(6);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ code: 'DW_CLOCK_WILD', values: { feed: 'trades', clock: 'ts', wild: 1 } });
    expect(reader.newest()).toEqual({ time: now + 9_000_000, sequence: 310, wild: 1 });
  });

  test('an hour ahead is a clock that is wrong, a minute ahead is one that differs', () => {
    const fixture = feed();
    fixture.write(1, 1, NOW);
    fixture.write(2, 1, NOW + HOUR);
    fixture.write(3, 1, NOW + HOUR + 1);
    const { reader, warnings } = watched(fixture);
    expect(reader.newest({ now: NOW })).toEqual({ time: NOW + HOUR, sequence: 1, wild: 1 });
    expect(reader.newest({ now: NOW + 1 })).toEqual({ time: NOW + HOUR + 1, sequence: 2, wild: 0 });
    expect(warnings).toHaveLength(1);
  });

  test('all of them wild: the newest of all is taken', () => {
    const fixture = feed();
    for (let i = 0; i < 100; i++) fixture.write(i, 1, NOW + 100 * HOUR + i);
    fixture.drain(80);
    const { reader, warnings } = watched(fixture);
    expect(reader.newest({ now: NOW })).toEqual({ time: NOW + 100 * HOUR + 99, sequence: 99, wild: 100 });
    expect(warnings[0]?.message).toContain('no others');
  });

  test.each([0, 63, 64, 150, 299])('wherever they lie: record %i of three chunks and a ring', (wildAt) => {
    const fixture = feed(undefined, { capacityRows: 128, blockRows: 32 });
    for (let i = 0; i < 300; i++) fixture.write(i, 1, i === wildAt ? NOW + 24 * HOUR : NOW + i);
    fixture.drain(280);
    const { reader } = watched(fixture);
    const last = wildAt === 299 ? 298 : 299;
    expect(reader.newest({ now: NOW })).toEqual({ time: NOW + last, sequence: last, wild: 1 });
  });
});

describe('how far back', () => {
  test('fractions of seconds count, and both ends are included', () => {
    const fixture = feed();
    for (let i = 0; i < 10; i++) fixture.write(i, 1, NOW + i * 100_000);
    const { reader } = watched(fixture);
    expect(reader.latestSync(0.3).map(([price]) => price)).toEqual([6, 7, 8, 9]);
    expect(reader.latestSync(0.29).map(([price]) => price)).toEqual([7, 8, 9]);
    expect(reader.latestSync(0.000001).map(([price]) => price)).toEqual([9]);
  });

  test('60 seconds unless said otherwise', async () => {
    const fixture = feed();
    for (let i = 0; i < 100; i++) fixture.write(i, 1, NOW + i * 1_000_000);
    const { reader } = watched(fixture);
    expect((await reader.latest()).map(([price]) => price)).toEqual(Array.from({ length: 61 }, (_, i) => 39 + i));
  });

  test('now may be a Date, a number or a bigint, and then the feed is not asked', () => {
    const fixture = feed();
    for (let i = 0; i < 100; i++) fixture.write(i, 1, NOW + i * 1_000_000);
    const { reader } = watched(fixture);
    const wanted = [38, 39, 40];
    for (const now of [NOW + 40_000_000, BigInt(NOW + 40_000_000), new Date((NOW + 40_000_000) / 1000)]) {
      expect(reader.latestSync(2, { now }).map(([price]) => price)).toEqual(wanted);
    }
  });

  test('no chunk is scanned where times are in order: ranges and descriptors suffice', () => {
    const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
    for (let i = 0; i < 600; i++) fixture.write(i, 1, NOW + i);
    fixture.drain();
    const { reader } = watched(fixture);
    const { plan } = reader.explain(NOW + 590, NOW + 600);
    expect(plan.chunks.map(({ chunkId }) => chunkId)).toEqual([3]);
    expect(plan.passedOver).toBe(2);
    expect(plan.rows).toEqual({ whole: 0, search: 88, filter: 0 });
  });
});
