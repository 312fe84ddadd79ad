import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type DeepwaterError, Platform } from 'deepwater';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-pool-'));
  directories.push(directory);
  return directory;
}

const spec = { name: 'trades', fields: [{ name: 'price', type: 'float64' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts' } as const;

/** Threads of this process, as the kernel counts them. */
const threads = (): number => fs.readdirSync('/proc/self/task').length;

describe('the pool of a platform', () => {
  test('poolThreads is a whole number of at least 1', async () => {
    for (const poolThreads of [0, -1, 1.5, 257, '2', NaN]) {
      await expect(Platform.open(newDirectory(), { poolThreads: poolThreads as number })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID', values: { option: 'poolThreads' } });
    }
  });

  test('starts a moment after the first asynchronous read, gives what the calling thread gives, and ends with the platform', async () => {
    const platform = await Platform.open(newDirectory(), { poolThreads: 2, logLevel: 'silent' });
    const feed = await platform.createFeed(spec);
    const writer = await platform.createWriter(feed);
    for (let n = 0; n < 5000; n++) writer.writeValues(n, 1000 + n);
    await writer.flush();
    const reader = await platform.createReader(feed);
    const before = threads();
    reader.rangeSync(0, 1e9);
    expect(await reader.range(1500, 2500)).toEqual(reader.rangeSync(1500, 2500));
    await expect.poll(threads).toBeGreaterThanOrEqual(before + 2);
    for (let n = 0; n < 200; n++) {
      writer.writeValues(5000 + n, 6000 + n);
      expect((await reader.last(2)).map(([price]) => price)).toEqual([4999 + n, 5000 + n]);
    }
    expect(await reader.range(1500, 2500, { format: 'columns' })).toEqual(reader.rangeSync(1500, 2500, { format: 'columns' }));
    const reads = [reader.range(0, 1e9), reader.latest(1)].map((read) => read.then(() => 'whole', (error: unknown) => (error as DeepwaterError).code));
    await platform.close();
    for (const read of await Promise.all(reads)) expect(['whole', 'DW_READER_CLOSED', 'DW_PLATFORM_CLOSED']).toContain(read);
    await expect.poll(threads).toBeLessThan(before + 2);
  });

  test.each([0, 60, 90, 400])('keeps no process alive, %i ms after the first read', (ms) => {
    const deepwater = new URL('../dist/index.js', import.meta.url).href;
    const code = `const { Platform } = await import('${deepwater}');
      const platform = await Platform.open(process.argv[1], { logLevel: 'silent' });
      const feed = await platform.createFeed(${JSON.stringify(spec)});
      const reader = await platform.createReader(feed);
      console.log((await reader.range(0, 10)).length);
      setTimeout(() => { if (process.argv[2] === 'exit') process.exit(); }, ${ms});`;
    for (const how of ['exit', 'end']) {
      expect(spawnSync(process.execPath, ['--input-type=module', '-e', code, newDirectory(), how], { encoding: 'utf8', timeout: 30_000 }))
        .toMatchObject({ status: 0, signal: null, stdout: '0\n' });
    }
  });
});
