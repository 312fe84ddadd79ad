import { describe, expect, test } from 'vitest';
import { compileSchema, parseFeedSpec } from '@deepwater/core';
import { type ChunkFacts, planChunk, planRange } from '@deepwater/query';
import { RunList } from '../dist/run-list.js';
import { boundsBetween } from '../dist/time-bounds.js';
import { feed, trades, watched } from './support/small-feed.js';

const schema = compileSchema(parseFeedSpec(trades));
const bounds = (low: number, high: number): ReturnType<typeof boundsBetween> => boundsBetween(schema, 0, BigInt(low), BigInt(high));
const range = (min: number, max: number): { min: bigint; max: bigint } => ({ min: BigInt(min), max: BigInt(max) });

/** A sealed chunk of blocks of ten rows with these times, each sorted or not. */
function chunk(blocks: (readonly [number, number, boolean] | undefined)[], sorted = false, to = blocks.length * 10): ChunkFacts {
  const known = blocks.filter((block) => block !== undefined);
  return {
    chunkId: 1, firstSequence: 0, from: 0, to, blockRows: 10, sorted,
    ...(known.length === blocks.length ? { range: range(Math.min(...known.map(([min]) => min)), Math.max(...known.map(([, max]) => max))) } : {}),
    block: (index) => {
      const block = blocks[index];
      return block === undefined ? undefined : { range: range(block[0], block[1]), sorted: block[2] };
    },
  };
}

describe('the plan for a chunk', () => {
  const blocks = [[0, 9, true], [10, 19, true], [15, 40, false], [41, 50, true]] as const;
  const cases: [string, ChunkFacts, [number, number], ReturnType<typeof planChunk>][] = [
    ['nothing, where its range lies outside', chunk([...blocks]), [51, 60], []],
    ['all of it, where its range lies inside', chunk([...blocks]), [0, 50], [{ from: 0, to: 40, how: 'whole' }]],
    ['one search, where it is in order', chunk([...blocks], true), [5, 45], [{ from: 0, to: 40, how: 'search' }]],
    ['blocks else: whole, searched, filtered, left out', chunk([...blocks]), [5, 30], [
      { from: 0, to: 10, how: 'search' }, { from: 10, to: 20, how: 'whole' }, { from: 20, to: 30, how: 'filter' },
    ]],
    ['whole blocks side by side as one', chunk([...blocks]), [-5, 19], [{ from: 0, to: 20, how: 'whole' }, { from: 20, to: 30, how: 'filter' }]],
    ['a block without descriptor looked at', chunk([[0, 9, true], undefined]), [0, 5], [{ from: 0, to: 10, how: 'search' }, { from: 10, to: 20, how: 'filter' }]],
    ['only rows that were asked about', { ...chunk([...blocks], false, 25), from: 5 }, [0, 60], [{ from: 5, to: 25, how: 'whole' }]],
    ['nothing of an empty range', chunk([...blocks]), [9, 8], []],
  ];
  test.each(cases)('takes %s', (_, facts, [low, high], steps) => {
    expect(planChunk(facts, bounds(low, high))).toEqual(steps);
  });

  test('two searched blocks side by side stay two: order within is not order across', () => {
    expect(planChunk(chunk([[0, 10, true], [5, 20, true], [30, 40, true]]), bounds(6, 8))).toEqual([
      { from: 0, to: 10, how: 'search' }, { from: 10, to: 20, how: 'search' },
    ]);
  });
});

test('a plan counts what it reads and what it passes over', () => {
  const plan = planRange([chunk([[0, 9, true]]), chunk([[10, 19, false]]), chunk([[50, 60, true]])], bounds(0, 15));
  expect(plan).toEqual({
    chunks: [
      { chunkId: 1, firstSequence: 0, steps: [{ from: 0, to: 10, how: 'whole' }] },
      { chunkId: 1, firstSequence: 0, steps: [{ from: 0, to: 10, how: 'filter' }] },
    ],
    passedOver: 1,
    rows: { whole: 10, search: 0, filter: 10 },
  });
});

test('explain prints the plan of a feed', () => {
  const fixture = feed(undefined, { capacityRows: 128, blockRows: 64 });
  for (let n = 0; n < 400; n++) fixture.write(n, 1, 1000 + n);
  fixture.drain(350);
  const { plan, ringRows, text } = watched(fixture).reader.explain(1200, 1360);
  expect(plan.chunks.map(({ chunkId, steps }) => [chunkId, ...steps])).toEqual([
    [2, { from: 0, to: 128, how: 'search' }],
    [3, { from: 0, to: 94, how: 'whole' }],
  ]);
  expect(ringRows).toBe(50);
  expect(text).toBe([
    'feed trades, ts from 1200 to 1359 (us, both included)',
    'chunks: 3, of them 1 passed over by the catalog, 0 by their blocks, 2 to read',
    'blocks of chunks that the catalog does not decide (1): 2 taken whole, 0 searched, 0 looked through, 0 passed over',
    'rows: 94 taken whole, 128 in order (binary search), 0 looked at one by one, 50 in the ring',
    'columns: price, size, ts; at most 6.4 KiB of what is given',
    '  chunk 2 from record 128 ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ search [0, 128)',
    '  chunk 3 from record 256 ████████████████████████████████ whole [0, 94)',
    '  █ whole  ▓ searched  ░ looked through  · passed over',
  ].join('\n'));
});

test('explain draws what is done with the blocks of chunks out of order, and counts what is read', () => {
  const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
  // Blocks of 64: one before the range, one in order across its start, one within, one in disorder; then a chunk that lies behind it.
  const times = [...Array.from({ length: 64 }, (_, n) => n), ...Array.from({ length: 64 }, (_, n) => 64 + n), ...Array.from({ length: 64 }, (_, n) => 150 + (n % 9)), ...Array.from({ length: 64 }, (_, n) => 400 - n)];
  for (const time of [...times, ...times.map((each) => each + 5000)]) fixture.write(1, 1, time);
  fixture.drain();
  const { reader } = watched(fixture);
  const { chunks, blocks, columns, bytes, text } = reader.explain(100, 360, { columns: ['size'] });
  expect({ chunks, blocks, columns, bytes }).toEqual({
    chunks: { total: 2, byCatalog: 1, byBlocks: 0, read: 1, opened: 1 },
    blocks: { whole: 1, search: 1, filter: 1, passedOver: 1 },
    columns: ['size', 'ts'],
    bytes: { clock: 64 * 8, where: 0, columns: 192 * 8 },
  });
  expect(text.split('\n').slice(-2)[0]).toBe('  chunk 1 from record 0 ········▓▓▓▓▓▓▓▓████████░░░░░░░░ search [64, 128), whole [128, 192), filter [192, 256)');
  expect(reader.explain(10_000, 20_000).chunks).toEqual({ total: 2, byCatalog: 2, byBlocks: 0, read: 0, opened: 0 });
  // @ts-expect-error -- there is no such field
  expect(() => reader.explain(0, 1, { columns: ['prize'] })).toThrow(/DW_|prize/);
});

describe('a list of runs', () => {
  test('joins runs that touch, and keeps the first rows of them', () => {
    const runs = new RunList();
    for (const [from, to] of [[0, 5], [5, 8], [8, 8], [10, 20], [30, 31]] as const) runs.add(from, to);
    expect([...runs.pairs]).toEqual([0, 8, 10, 20, 30, 31]);
    expect(runs.rows).toBe(19);
    for (const [rows, pairs] of [[19, [0, 8, 10, 20, 30, 31]], [18, [0, 8, 10, 20]], [9, [0, 8, 10, 11]], [8, [0, 8]], [3, [0, 3]], [0, []]] as const) {
      runs.keepFirst(rows);
      expect([...runs.pairs]).toEqual(pairs);
      expect(runs.rows).toBe(rows);
    }
  });
});
