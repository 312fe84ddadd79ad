import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openPlatform, temporaryDirectory } from './support.js';

const BIN = fileURLToPath(new URL('../bin/deepwater.js', import.meta.url));

async function deepwater(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => { stdout += String(data); });
  child.stderr.on('data', (data) => { stderr += String(data); });
  const [code] = await once(child, 'close') as [number | null];
  return { code, stdout, stderr };
}

function fileWith(name: string, text: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

describe('deepwater import', () => {
  test('says what it did, once; lists rejects; ends with what is true', async () => {
    const store = join(temporaryDirectory(), 'data');
    const rejects = join(temporaryDirectory(), 'rejects.csv');
    const file = fileWith('ticks.csv', 'time,price\n1700000000,1.5\n1700000001,"x,y"\n1700000002,2\n');
    const args = ['import', file, '-b', store, '--columns', 'ts=time,price', '--feed', 'ticks'];
    expect(await deepwater(...args, '--dry-run')).toMatchObject({ code: 3, stderr: '' });
    const first = await deepwater(...args, '--rejects', rejects, '--json');
    expect(first).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ records: 2, added: 2, rejected: 1, aborted: false, files: [{ layout: 'plain', state: 'imported', feeds: [{ feed: 'ticks', added: 2 }] }] });
    expect(readFileSync(rejects, 'utf8')).toBe(`file,line,reason\n${file},3,"price ""x,y"": is not a number"\n`);
    const again = await deepwater(...args);
    expect(again.stdout).toMatch(/ticks\.csv .* already .*[\s\S]*2 records read, 0 added/);
    const strict = await deepwater('import', file, '-b', store, '--columns', 'ts=time,price', '--feed', 'strict', '--max-rejects', '0');
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(/^deepwater: DW_IMPORT_REJECTS: .*Nothing of it was written\.\n$/);
    expect((await deepwater('import', join(temporaryDirectory(), 'none.csv'), '-b', store)).stderr).toMatch(/^deepwater: DW_IMPORT_UNREADABLE/);
    expect((await deepwater('import', '--help')).stdout).toMatch(/Examples:[\s\S]*Exit codes/);
  });

  test('Ctrl+C ends it in order; run again it goes on', async () => {
    const lines = ['ts,n,note'];
    for (let n = 0; n < 1_500_000; n++) lines.push(`${1_700_000_000_000_000 + n},${n},a text that makes the record wide`);
    const file = fileWith('long.csv', `${lines.join('\n')}\n`);
    const store = join(temporaryDirectory(), 'data');
    const spec = fileWith('spec.json', JSON.stringify({ name: 'long', fields: [{ name: 'ts', type: 'uint64' }, { name: 'n', type: 'int64' }, { name: 'note', type: 'string', bytes: 64 }], timestamp: 'ts', retentionHours: 0 }));
    const child = spawn(process.execPath, [BIN, 'import', file, '-b', store, '--spec', spec, '--json']);
    let stdout = '';
    child.stdout.on('data', (data) => { stdout += String(data); });
    // The feed's ledger is there as soon as the first record is about to be written.
    await expect.poll(() => existsSync(join(store, 'feeds', 'long', 'imports')), { interval: 5 }).toBe(true);
    child.kill('SIGINT');
    const [code] = await once(child, 'close') as [number];
    const { added, aborted } = JSON.parse(stdout) as { added: number; aborted: boolean };
    expect({ code, aborted }).toEqual({ code: 130, aborted: true });
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThan(1_500_000);
    const second = await deepwater('import', file, '-b', store, '--spec', spec, '--json');
    expect(second.code).toBe(0);
    expect((JSON.parse(second.stdout) as { added: number }).added).toBe(1_500_000 - added);
    const platform = await openPlatform(store);
    expect(platform.feedInfo('long').records).toEqual({ first: 0, next: 1_500_000 });
  });
});

test('deepwater export and import give an equal feed; a file is there whole or not', async () => {
  const store = join(temporaryDirectory(), 'data');
  const other = join(temporaryDirectory(), 'data');
  const folder = temporaryDirectory();
  await deepwater('import', fileWith('ticks.csv', 'ts,price,who\n1700000000,1.5,a\n1700000001,2.25,"b, c"\n'), '-b', store);
  const [csv, spec] = [join(folder, 'ticks.csv.gz'), join(folder, 'ticks.json')];
  expect(await deepwater('export', 'ticks', '-b', store, '-o', csv, '--spec-file', spec)).toMatchObject({ code: 0, stderr: '' });
  expect((await deepwater('import', csv, '-b', other, '--spec', spec, '--time-unit', 'clock')).code).toBe(0);
  const rows = async (from: string) => (await deepwater('query', 'ticks', '-b', from, '--last', '10', '--json')).stdout;
  expect(await rows(other)).toBe(await rows(store));
  expect((await deepwater('export', 'none', '-b', store, '-o', join(folder, 'none.csv'))).stderr).toMatch(/^deepwater: DW_FEED_UNKNOWN/);
  expect((await deepwater('export', 'ticks', '-b', store, '-o', join(folder, 'part.csv'), '--start', '2023-11-14T22:13:21Z', '--columns', 'who', '--json')).stdout).toContain('"records": 1');
  expect(readFileSync(join(folder, 'part.csv'), 'utf8')).toBe('who\n"b, c"\n');
});
