import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_DATA } from '../dist/folders.js';
import type { JobReport } from '../dist/main-job/report.js';
import { findSources } from '../dist/sources/find-sources.js';

const MAIN = fileURLToPath(new URL('../dist/main-job/main.js', import.meta.url));

/** Runs the job in a process of its own, as `npm start` does. */
async function job(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await closed, stdout, stderr };
}

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'deepwater-main-job-')); });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the main job on the sample', () => {
  test('writes every record and finds every one as it is in its file', async () => {
    const { code, stdout, stderr } = await job('--sample', '--data', join(folder, 'sample'), '--json');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as JobReport;
    const counts: Record<string, number> = {};
    for (const source of findSources(SAMPLE_DATA)) counts[source.name] = await source.count();
    expect(Object.fromEntries(report.feeds.map((feed) => [feed.feed, feed.records]))).toEqual(counts);
    for (const feed of report.feeds) {
      expect(feed.compared, feed.feed).toBe(feed.records);
      expect(feed.diskBytes, feed.feed).toBeGreaterThanOrEqual(feed.records * feed.recordBytes * 0.9);
      expect(feed.written, feed.feed).toBeDefined();
    }
  });

  test('finds the same in the store that a run left, in another process', async () => {
    const { code, stdout, stderr } = await job('--sample', '--data', join(folder, 'sample'), '--keep');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('133,248 of 133,248 records compared with their source files, field by field: all equal.');
    expect(stdout).not.toContain('Writing');
  });
});

test('a value that differs from its file ends the job with 1, and with file, line and both values', async () => {
  const recordings = join(folder, 'recordings/gemini-csv');
  const path = join(recordings, 'gemini__eth-usd__2021-07-01__trade.csv.gz');
  const lines = gunzipSync(readFileSync(join(SAMPLE_DATA, 'gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz'))).toString().split('\n').slice(0, 1001);
  // Stored, not deflated, so that the file keeps its size when a digit changes.
  const save = (): void => writeFileSync(path, gzipSync(`${lines.join('\n')}\n`, { level: 0 }));
  mkdirSync(recordings, { recursive: true });
  save();
  const options = ['--shared', join(folder, 'recordings'), '--data', join(folder, 'changed')];
  expect((await job(...options)).code).toBe(0);

  const [time, price, size, maker] = lines[500].split(',');
  const other = String(Number(size) + 1);
  expect(other).toHaveLength(size.length);
  lines[500] = [time, price, other, maker].join(',');
  save();
  const { code, stdout, stderr } = await job(...options, '--keep');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(`${path}:501: size of feed gemini_eth-usd_trades is ${other} in the file and ${size} in the feed`);
});

test('a folder that the job did not make is refused with 2 and left as it was', async () => {
  const path = join(folder, 'foreign');
  mkdirSync(path);
  writeFileSync(join(path, 'thesis.txt'), 'mine');
  const { code, stderr } = await job('--sample', '--data', path);
  expect(code).toBe(2);
  expect(stderr).toContain('holds something that this job did not make');
  expect(readFileSync(join(path, 'thesis.txt'), 'utf8')).toBe('mine');
});

test('no recordings, and wrong options, end with 2; --help with 0', async () => {
  mkdirSync(join(folder, 'nothing'));
  expect(await job('--shared', join(folder, 'nothing'), '--data', join(folder, 'x'))).toMatchObject({ code: 2, stdout: '' });
  expect(await job('--fast')).toMatchObject({ code: 2, stdout: '' });
  expect(await job('--help')).toMatchObject({ code: 0, stderr: '' });
});
