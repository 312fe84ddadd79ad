import { execFile, execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DeepwaterError, ERROR_CODES, Platform } from 'deepwater';
import { afterEach, describe, expect, test } from 'vitest';

const WRITER = fileURLToPath(new URL('./full-disk/writer.mjs', import.meta.url));
const MIB = 1024 * 1024;

const undo: (() => void)[] = [];
afterEach(() => { for (const step of undo.splice(0).reverse()) step(); });

const mayMount = process.platform === 'linux' && process.geteuid?.() === 0 && tries('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
const mayLoop = mayMount && spawnSync('mkfs.ext4', ['-V']).status === 0 && loops();

/** Whether this user may mount such a file system here. */
function tries(command: string, args: readonly string[]): boolean {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-mount-'));
  const { status } = spawnSync(command, [...args, directory]);
  if (status === 0) spawnSync('umount', ['-l', directory]);
  fs.rmdirSync(directory);
  return status === 0;
}

function loops(): boolean {
  try {
    mounted(image(4 * MIB), ['-o', 'loop']);
    return true;
  } catch {
    return false;
  } finally {
    for (const step of undo.splice(0).reverse()) step();
  }
}

function mounted(source: string, args: readonly string[]): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-full-'));
  undo.push(() => { fs.rmdirSync(directory); });
  execFileSync('mount', [...args, source, directory], { stdio: 'pipe' });
  undo.push(() => { execFileSync('umount', ['-l', directory], { stdio: 'pipe' }); });
  return directory;
}

function image(bytes: number): string {
  const file = path.join(os.tmpdir(), `deepwater-image-${process.pid}-${undo.length}`);
  undo.push(() => { fs.rmSync(file, { force: true }); });
  fs.writeFileSync(file, '');
  fs.truncateSync(file, bytes);
  execFileSync('mkfs.ext4', ['-q', '-F', file], { stdio: 'pipe' });
  return file;
}

interface Told {
  codes: string[];
  accepted: number;
  flushed: number;
  synced: number;
  full?: number;
  readable?: boolean;
  openedWhileFull?: boolean;
  positionWhileFull?: number;
  position?: number;
  afterwards?: string[];
}

/** The same process fills a disk, is closed and opened while it is full, and goes on when there is room. */
async function fill(basePath: string, filling: string, ringDir = ''): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, [WRITER, basePath, filling, ringDir], { maxBuffer: 64 * MIB });
  return JSON.parse(stdout) as Told;
}

/** Everything that was accepted is there, and nothing else. */
async function check(basePath: string, told: Told): Promise<void> {
  expect(told.codes.filter((code) => !Object.hasOwn(ERROR_CODES, code)), 'errors without a code').toEqual([]);
  expect(told.codes, 'the disk was full').toContain('DW_DISK_FULL');
  expect(told).toMatchObject({ readable: true, openedWhileFull: true, positionWhileFull: told.full, position: told.full, afterwards: [], synced: told.accepted });
  expect(told.accepted).toBe((told.full as number) + 10_000);
  await using platform = await Platform.open(basePath, { readOnly: true });
  const reader = await platform.createReader('trades');
  const { n } = await reader.last(told.accepted + 1, { format: 'columns' }) as unknown as { n: Float64Array };
  expect(n.length).toBe(told.accepted);
  expect(n.findIndex((value, i) => value !== i)).toBe(-1);
}

describe('a disk that is full', () => {
  test.skipIf(!mayMount)('of memory (tmpfs): an error with its code; nothing accepted is lost, then and after a restart while it is full', async () => {
    const disk = mounted('tmpfs', ['-t', 'tmpfs', '-o', 'size=12m']);
    const filling = path.join(disk, 'filling');
    fs.writeFileSync(filling, Buffer.alloc(7 * MIB, 1));
    const store = path.join(disk, 'store');
    const told = await fill(store, filling);
    await check(store, told);
  });

  test.skipIf(!mayLoop)('of a real file system (ext4 in an image)', async () => {
    const disk = mounted(image(48 * MIB), ['-o', 'loop']);
    const filling = path.join(disk, 'filling');
    fs.writeFileSync(filling, Buffer.alloc(20 * MIB, 1));
    const store = path.join(disk, 'store');
    const told = await fill(store, filling);
    await check(store, told);
  });

  test.skipIf(!mayMount)('before there is a store: refused with its code, and nothing half-made is in the way afterwards', async () => {
    const disk = mounted('tmpfs', ['-t', 'tmpfs', '-o', 'size=256k']);
    const filling = path.join(disk, 'filling');
    const fd = fs.openSync(filling, 'w');
    try {
      for (;;) fs.writeSync(fd, Buffer.alloc(4096, 1));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    } finally {
      fs.closeSync(fd);
    }
    const store = path.join(disk, 'store');
    await expect(Platform.open(store).then((platform) => platform.createFeed({ name: 'a', timestamp: 't', fields: [{ name: 't', type: 'uint64' }] }))).rejects.toMatchObject({ code: 'DW_DISK_FULL' });
    fs.rmSync(filling);
    await using platform = await Platform.open(store, { logLevel: 'silent' });
    expect(platform.listFeeds()).toEqual([]);
  });
});

describe('shared memory that is full', () => {
  test.skipIf(!mayMount)('has the ring beside the chunks instead, which is said', async () => {
    const memory = mounted('tmpfs', ['-t', 'tmpfs', '-o', 'size=64k']);
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-shm-'));
    undo.push(() => { fs.rmSync(directory, { recursive: true, force: true }); });
    const events: string[] = [];
    await using platform = await Platform.open(path.join(directory, 'store'), { ringDir: memory, logLevel: 'silent', onEvent: ({ message }) => events.push(message) });
    const feed = await platform.createFeed({ name: 'trades', timestamp: 't', ringRecords: 8192, fields: [{ name: 'n', type: 'float64' }, { name: 't', type: 'uint64' }] });
    const writer = await platform.createWriter(feed);
    for (let n = 0; n < 20_000; n++) writer.writeValues(n, n);
    await writer.flush();
    const reader = await platform.createReader(feed);
    expect((await reader.last(20_000, { format: 'columns' })).n.length).toBe(20_000);
    expect(events.join('\n')).toContain('shared memory is short');
    expect(fs.existsSync(path.join(directory, 'store', 'feeds', 'trades', 'trades.ring'))).toBe(true);
  });

  test.skipIf(!mayMount)('and a disk that is full as well: refused with its code', async () => {
    const disk = mounted('tmpfs', ['-t', 'tmpfs', '-o', 'size=512k']);
    const memory = mounted('tmpfs', ['-t', 'tmpfs', '-o', 'size=64k']);
    const platform = await Platform.open(path.join(disk, 'store'), { ringDir: memory, logLevel: 'silent' });
    try {
      const feed = await platform.createFeed({ name: 'trades', timestamp: 't', ringRecords: 65_536, fields: [{ name: 'n', type: 'float64' }, { name: 't', type: 'uint64' }] });
      const refused = await platform.createWriter(feed).then(() => undefined, (error: unknown) => error);
      expect(refused).toBeInstanceOf(DeepwaterError);
      expect(refused).toMatchObject({ code: 'DW_DISK_FULL' });
    } finally {
      await platform.close();
    }
  });
});
