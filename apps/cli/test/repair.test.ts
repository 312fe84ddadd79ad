import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chunkMapText } from '../dist/output/chunk-map.js';
import { deepwater, openPlatform, storeWithTrades, trade } from './support.js';

/** A store with a chunk whose first block has a cell that is not what was written. */
async function damagedStore(records: number): Promise<string> {
  const store = await storeWithTrades(records);
  const chunks = join(store, 'feeds', 'trades', 'chunks');
  const file = join(chunks, readdirSync(chunks)[0] as string);
  const bytes = readFileSync(file);
  bytes[bytes.readUInt32LE(12) + 5] = 77; // of the first column
  writeFileSync(file, bytes);
  return store;
}

describe('deepwater repair', () => {
  test('says what is wrong, with a drawing that fits 80 columns; puts it right; then finds nothing', async () => {
    const store = await damagedStore(20_000);
    expect(await deepwater(['query', 'trades', '--last', '20000', '--base-path', store])).toMatchObject({ code: 1, stderr: expect.stringContaining('repair') as string });
    const dry = await deepwater(['repair', '--all', '--dry-run', '--base-path', store]);
    expect(dry).toMatchObject({ code: 1, stderr: '' });
    expect(dry.stdout).toMatch(/✖ feeds\/trades\/chunks\/000000000001\.dwk\n {4}block 0: the cells of price/);
    expect(dry.stdout).toContain('records 0 to 16127');
    const bars = dry.stdout.split('\n').filter((line) => line.startsWith('  │'));
    expect(bars.length).toBe(1);
    expect(bars[0]).toMatch(/^ {2}│·{64}│$/);
    expect((bars[0] as string).length).toBeLessThanOrEqual(80);
    expect(dry.stdout).toContain('nothing was changed, 16,128 records are lost');
    const done = await deepwater(['repair', '--feed', 'trades', '--json', '--base-path', store]);
    expect(done.code).toBe(1);
    expect(JSON.parse(done.stdout)).toMatchObject({ damaged: true, lost: true, feeds: [{ feed: 'trades', lostRecords: 16_128, keptRecords: 20_000 - 16_128 }], quarantine: [expect.stringMatching(/^quarantine\/trades\//) as string] });
    expect(await deepwater(['repair', '--all', '--base-path', store])).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing is wrong') as string });
    const left = await deepwater(['query', 'trades', '--last', '1', '--format', 'csv', '--base-path', store]);
    expect(left.stdout).toContain(`,${trade(19_999)[3]},`);
  }, 30_000);

  test('ends with 2 where a writer lives, where there is no store, and where nobody said which feeds', async () => {
    const platform = await openPlatform(await damagedStore(10));
    await platform.createWriter('trades');
    expect(await deepwater(['repair', '--all', '--base-path', platform.basePath])).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${process.pid}`) as string });
    expect(await deepwater(['repair', '--all', '--dry-run', '--base-path', platform.basePath])).toMatchObject({ code: 2, stderr: expect.stringContaining('DW_FEED_IN_USE') as string });
    expect(await deepwater(['repair', '--all', '--base-path', join(platform.basePath, 'none')])).toMatchObject({ code: 2 });
    expect(await deepwater(['repair', '--base-path', platform.basePath])).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') as string });
    expect(await deepwater(['repair', '--feed', 'trads', '--base-path', platform.basePath])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean trades?') as string });
  });

  test('draws what holds, what was mended, and even a block of thousands that is lost', () => {
    const runs = [
      { state: 'intact', blocks: 5000, first: 100, next: 5100 }, { state: 'damaged', blocks: 1, first: 5100, next: 5101 },
      { state: 'intact', blocks: 2000, first: 5101, next: 7101 }, { state: 'mended', blocks: 400, first: 7101, next: 7501 },
    ] as const;
    const [, bar] = chunkMapText({ file: 'feeds/a/chunks/000000000007.dwk', first: 100, next: 7501, runs }).split('\n');
    expect(bar).toBe(`  │${'█'.repeat(43)}·${'█'.repeat(16)}${'▒'.repeat(4)}│`);
  });

  test('has a name of its own', () => {
    const bin = new URL('../bin/deepwater-repair.js', import.meta.url);
    expect(execFileSync(process.execPath, [bin.pathname, '--help'], { encoding: 'utf8' })).toContain('Exit codes: 0 nothing is wrong');
  });
});
