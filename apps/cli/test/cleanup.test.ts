import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CleanupReport } from 'deepwater';
import { CRON_MINUTES, cronLine, withJob, withoutJob } from '../dist/cron/cron-line.js';
import { TRADES, deepwater, deepwaterProcess, openPlatform, temporaryDirectory, trade } from './support.js';

/** A store whose chunks are sealed, and old enough at once. */
async function oldStore(basePath?: string): Promise<string> {
  const platform = await openPlatform(basePath);
  await platform.createFeed({ ...TRADES, chunkSizeMb: undefined, chunkSizeBytes: 65536, retentionHours: 1e-6 });
  const writer = await platform.createWriter<typeof TRADES>('trades');
  for (let n = 0; n < 5000; n++) writer.writeValues(...trade(n));
  await platform.close();
  return platform.basePath;
}

const chunksIn = (basePath: string): string[] => readdirSync(join(basePath, 'feeds', 'trades', 'chunks'));

describe('deepwater cleanup', () => {
  test('says first what it would do, holds what the clock has not proven, and then does it', async () => {
    const store = await oldStore();
    const before = chunksIn(store);
    const dry = await deepwater(['cleanup', '--base-path', store, '--dry-run', '--accept-clock']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/trades.*age.*0 to 4999/);
    expect(existsSync(join(store, 'cleanup.json'))).toBe(false);
    const held = await deepwater(['cleanup', '--base-path', store]);
    expect(held).toMatchObject({ code: 0, stderr: '' });
    expect(held.stdout).toContain('nobody has looked at the clock of this store before');
    expect(held.stdout).toContain(`${before.length} wait for the clock`);
    expect(chunksIn(store)).toEqual(before);
    const { code, stdout } = await deepwater(['cleanup', '--base-path', store, '--accept-clock', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as CleanupReport;
    expect(report).toMatchObject({ removedChunks: before.length, dryRun: false, clock: { believed: true }, feeds: [{ feed: 'trades', keptChunks: 0, removed: [{ why: 'age', first: 0, next: 5000 }] }] });
    expect(chunksIn(store)).toEqual([]);
    expect((await deepwater(['cleanup', '--base-path', store])).stdout).toContain('Removed 0 chunks');
  });

  test('of a store that is not there makes none; of a feed that is none it is a mistake', async () => {
    const nowhere = join(temporaryDirectory(), 'nowhere');
    expect(await deepwater(['cleanup', '--base-path', nowhere])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
    expect(existsSync(nowhere)).toBe(false);
    const store = await oldStore();
    expect(await deepwater(['cleanup', '--base-path', store, '--feed', 'trads'])).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean trades?') as string });
  });

  test('has a name of its own', async () => {
    const bin = new URL('../bin/deepwater-cleanup.js', import.meta.url);
    expect(execFileSync(process.execPath, [bin.pathname, '--help'], { encoding: 'utf8' })).toContain('Usage: deepwater cleanup');
    expect(execFileSync(process.execPath, [bin.pathname, '--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('a line of a crontab', () => {
  const job = { minutes: 15, node: '/usr/bin/node', script: '/opt/deepwater.js', basePath: '/var/data' };

  test('says every interval that it says it can', () => {
    for (const minutes of CRON_MINUTES) expect(cronLine({ ...job, minutes })).toMatch(/^[\d*/]+ [\d*/]+ \* \* \* \/usr\/bin\/node /);
    expect(cronLine(job)).toMatch(/^\*\/15 \* \* \* \* /);
    expect(cronLine({ ...job, minutes: 60 })).toMatch(/^0 \* \* \* \* /);
    expect(cronLine({ ...job, minutes: 360 })).toMatch(/^0 \*\/6 \* \* \* /);
    expect(cronLine({ ...job, minutes: 1440 })).toMatch(/^0 0 \* \* \* /);
    for (const minutes of [0, 7, 45, 90, 2880]) expect(() => cronLine({ ...job, minutes })).toThrow(/cron cannot run something every/);
  });

  test.each(["a b", "it's", 'half %', '$HOME `id` "x" ; rm #', 'ü'])('runs on a base path with %s', (name) => {
    const basePath = `/data/${name}`;
    // What cron does to the command: up to a percent sign, unless a backslash stands before it.
    const command = cronLine({ ...job, node: process.execPath, script: '-e', basePath }).split(' ').slice(5).join(' ').replaceAll(/\\%/g, '%');
    const shown = execFileSync('/bin/sh', ['-c', command.replace(' cleanup ', " 'process.stderr.write(process.argv.at(-1))' cleanup ").replace('>/dev/null', '2>&1 >/dev/null')], { encoding: 'utf8' });
    expect(shown).toBe(basePath);
    expect(cronLine({ ...job, basePath }).replaceAll('\\%', '')).not.toContain('%');
  });

  test('takes the place of the one before, and leaves others alone', () => {
    const others = '# mine\nMAILTO=me@example.org\n5 4 * * * backup\n';
    const once = withJob(others, job);
    expect(once).toBe(`${others}${cronLine(job)}\n`);
    const twice = withJob(once, { ...job, minutes: 30 });
    expect(twice).toBe(`${others}${cronLine({ ...job, minutes: 30 })}\n`);
    const two = withJob(twice, { ...job, basePath: '/var/other' });
    expect(two.split('\n').filter((line) => line.includes('cleanup')).length).toBe(2);
    expect(withoutJob(withoutJob(two, '/var/other').text, job.basePath)).toEqual({ text: others, removed: 1 });
    expect(withoutJob(others, job.basePath)).toEqual({ text: others, removed: 0 });
    expect(withJob('5 4 * * * backup', job)).toBe(`5 4 * * * backup\n${cronLine(job)}\n`);
  });
});

describe('deepwater cleanup --install-cron', () => {
  let bin: string;
  let table: string;
  beforeAll(() => {
    bin = join(temporaryDirectory(), 'bin');
    mkdirSync(bin);
    table = join(bin, 'table');
    // crontab(1), as far as it is used.
    writeFileSync(join(bin, 'crontab'), `#!/bin/sh
case "$1" in
  -l) if [ -f "${table}" ]; then cat "${table}"; else echo "no crontab for $USER" >&2; exit 1; fi ;;
  -) cat > "${table}" ;;
  *) exit 2 ;;
esac
`);
    chmodSync(join(bin, 'crontab'), 0o755);
  });
  const cron = async (...args: string[]) => deepwaterProcess(['cleanup', ...args], { PATH: `${bin}${delimiter}${process.env['PATH']}` });

  test('writes the line of a store once, and takes it out again', async () => {
    const store = await oldStore(join(temporaryDirectory(), '100 % of it'));
    expect(await cron('--base-path', store, '--install-cron')).toMatchObject({ code: 0, stdout: expect.stringContaining('Added') as string });
    const first = readFileSync(table, 'utf8');
    expect(first).toMatch(/^\*\/15 \* \* \* \* .*deepwater\.js cleanup --base-path '.*100 \\% of it' >\/dev\/null # deepwater-cleanup [0-9a-f]{16}\n$/);
    writeFileSync(table, `# kept\n${first}1 2 3 4 5 mine\n`);
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(store, link);
    expect(await cron('--base-path', link, '--install-cron', '--interval', '60')).toMatchObject({ code: 0, stdout: expect.stringContaining('Replaced') as string });
    expect(readFileSync(table, 'utf8').split('\n').filter((line) => line.includes('deepwater')).length).toBe(1);
    expect(await cron('--base-path', store, '--uninstall-cron')).toMatchObject({ code: 0 });
    expect(readFileSync(table, 'utf8')).toBe('# kept\n1 2 3 4 5 mine\n');
    expect((await cron('--base-path', store, '--uninstall-cron')).stdout).toContain('has no clean-up');
  });

  test('runs as cron runs it: with nothing but its line', async () => {
    const store = await oldStore();
    await cron('--base-path', store, '--install-cron');
    const line = readFileSync(table, 'utf8').split('\n').find((each) => each.includes(store))!;
    execFileSync('/bin/sh', ['-c', line.split(' ').slice(5).join(' ').replaceAll('\\%', '%')], { env: { HOME: '/' }, cwd: '/' });
    expect(existsSync(join(store, 'cleanup.json'))).toBe(true);
  });

  test('refuses an interval that cron does not know, and a store that is not there; without crontab(1) it says what to do', async () => {
    const store = await oldStore();
    expect(await cron('--base-path', store, '--install-cron', '--interval', '45')).toMatchObject({ code: 1, stderr: expect.stringContaining('30, 60') as string });
    expect(await cron('--base-path', join(store, 'no'), '--install-cron')).toMatchObject({ code: 1, stderr: expect.stringContaining('DW_BASE_PATH_INVALID') as string });
    const bare = await deepwaterProcess(['cleanup', '--base-path', store, '--install-cron'], { PATH: '/nowhere' });
    expect(bare).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such program') as string });
    expect(bare.stderr).toContain(`${store} >/dev/null # deepwater-cleanup`);
  });
});
