import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Progress } from '../dist/main-job/progress.js';
import { verifyFeed } from '../dist/main-job/verify.js';
import { geminiTrades } from '../dist/sources/gemini.js';
import { temporaryFile } from './support/archives.js';

const SILENT: Progress = { start: () => ({ advance: () => undefined, finish: () => undefined }) };

type Tuple = [price: number, size: number, side: string, timestamp_us: number | bigint];

/** Six trades in a file, and the same six as an engine gives them, in windows of two. */
function sixTrades() {
  const tuples = Array.from({ length: 6 }, (_, i): Tuple => [2000 + i, 1.5, i % 2 === 0 ? 'S' : 'B', (1_625_097_600 + i) * 1_000_000]);
  const lines = tuples.map(([price, size, side, us]) => `${Number(us) / 1e6},${price},${size},${side === 'S' ? 1 : 0}`);
  const path = temporaryFile('gemini.csv.gz', gzipSync(`time_seconds,price,size,is_buyer_maker\n${lines.join('\n')}\n`));
  return { path, source: geminiTrades([path]), tuples };
}

/** Compares the file with what is left of the trades after `damage`. */
async function compare(damage: (tuples: Tuple[]) => Tuple[]): Promise<{ path: string; outcome: string }> {
  const { path, source, tuples } = sixTrades();
  const given = damage(tuples);
  const windows = [0, 2, 4].map((firstRow) => ({ start: firstRow, end: firstRow + 2, firstRow, rows: 2 }));
  const reader = { range: async (start: number | bigint) => given.slice(Number(start), start === 4 ? undefined : Number(start) + 2) };
  const outcome = await verifyFeed(reader, source, windows, SILENT).catch((error: unknown) => String(error));
  return { path, outcome: String(outcome) };
}

test('a feed that is as its file is counted to the last record', async () => {
  expect((await compare((tuples) => tuples)).outcome).toBe('6');
});

test('one value that differs is told with file, line, field and both values', async () => {
  const { path, outcome } = await compare((tuples) => tuples.with(3, [2003, 1.5000000000000002, 'B', tuples[3][3]]));
  expect(outcome).toContain(`${path}:5: size of feed gemini_eth-usd_trades is 1.5 in the file and 1.5000000000000002 in the feed`);
});

test('a value of another kind differs, however alike it looks', async () => {
  expect((await compare((tuples) => tuples.with(0, [2000, 1.5, 'S', BigInt(tuples[0][3])]))).outcome)
    .toContain('is 1625097600000000 in the file and 1625097600000000n in the feed');
  expect((await compare((tuples) => tuples.with(0, [2000, '1.5' as unknown as number, 'S', tuples[0][3]]))).outcome)
    .toContain('is 1.5 in the file and "1.5" in the feed');
});

test.each([
  ['a record that is lost at the end', (tuples: Tuple[]) => tuples.slice(0, 5), ':7: feed gemini_eth-usd_trades ends before this record, after 5'],
  ['a record that is lost in the middle', (tuples: Tuple[]) => tuples.toSpliced(2, 1), ':4: price'],
  ['a record that comes twice', (tuples: Tuple[]) => tuples.toSpliced(2, 0, tuples[1]), ':4: price'],
  ['a record too many at the end', (tuples: Tuple[]) => [...tuples, tuples[5]], 'has more records than its files: the files end after 6'],
  ['records that changed places', (tuples: Tuple[]) => tuples.with(0, tuples[1]).with(1, tuples[0]), ':2: price'],
  ['a feed without records', () => [], ':2: feed gemini_eth-usd_trades ends before this record, after 0'],
])('%s is found', async (_what, damage, message) => {
  expect((await compare(damage)).outcome).toContain(message);
});
