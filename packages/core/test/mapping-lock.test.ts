import type { Worker } from 'node:worker_threads';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileLock, openOrCreate, setUse } from '../dist/index.js';
import { Peer, afterThisTest, fill, smallFileSystem, temporaryDirectory, thrownBy } from './mapping-tools.js';

const lockPath = (): string => path.join(temporaryDirectory(), 'writer.lock');

function take(file: string): FileLock {
  const lock = FileLock.tryExclusive(file, 'owner');
  if (lock === undefined) throw new Error('the lock is taken');
  afterThisTest(() => lock.release());
  return lock;
}

describe('a file lock', () => {
  test('has one holder, even within one thread', () => {
    const file = lockPath();
    take(file);
    expect(FileLock.tryExclusive(file, 'owner')).toBeUndefined();
  });

  test.each(['thread', 'process'] as const)('excludes another %s, and goes over to it on release', async (kind) => {
    const file = lockPath();
    const other = kind === 'thread' ? await Peer.thread() : await Peer.process();
    const mine = take(file);
    expect(await other.ask('lock', { path: file })).toBe(false);
    mine.release();
    expect(await other.ask('lock', { path: file })).toBe(true);
    expect(FileLock.tryExclusive(file, 'owner')).toBeUndefined();
    await other.ask('unlock', { path: file });
    take(file);
  });

  test('is free the moment its holder is killed, and says who held it', async () => {
    const file = lockPath();
    const other = await Peer.process();
    expect(await other.ask('lock', { path: file })).toBe(true);
    expect(FileLock.tryExclusive(file, 'owner')).toBeUndefined();
    expect(FileLock.holder(file)).toBe(other.pid);
    await other.kill();
    take(file);
    expect(FileLock.holder(file)).toBe(process.pid);
  });

  test('of a thread that is terminated is free, too', async () => {
    const file = lockPath();
    const other = await Peer.thread();
    expect(await other.ask('lock', { path: file })).toBe(true);
    await (other.host as Worker).terminate();
    take(file);
  });

  test('of many that try at once exactly one gets it', async () => {
    const file = lockPath();
    const others = await Promise.all([Peer.thread(), Peer.thread(), Peer.process(), Peer.process()]);
    const got = await Promise.all(others.map((peer) => peer.ask<boolean>('lock', { path: file })));
    expect(got.filter(Boolean)).toHaveLength(1);
  });

  test('released twice does not take it from the next holder', () => {
    const file = lockPath();
    const first = take(file);
    first.release();
    take(file);
    first.release();
    expect(FileLock.tryExclusive(file, 'owner')).toBeUndefined();
  });

  test('is taken on a full disk: who holds it is only written for people', ({ skip }) => {
    const small = smallFileSystem(64 * 1024);
    if ('reason' in small) return skip(small.reason);
    const file = path.join(small.directory, 'writer.lock');
    fs.writeFileSync(file, '');
    fill(small.directory);
    const lock = take(file);
    expect(FileLock.tryExclusive(file, 'owner')).toBeUndefined();
    expect(FileLock.holder(file)).toBeUndefined();
    lock.release();
    take(file);
  });

  test('is not taken through a symbolic link', () => {
    const file = lockPath();
    fs.symlinkSync('/etc/hostname', file);
    expect(thrownBy(() => FileLock.tryExclusive(file, 'owner'))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'ELOOP', path: file } });
  });

  test.each(['', 'nobody\n', undefined])('a lock file that holds %j names no holder', (text) => {
    const file = lockPath();
    if (text !== undefined) fs.writeFileSync(file, text);
    expect(FileLock.holder(file)).toBeUndefined();
  });
});

describe('marking a file as in use', () => {
  test('many may use it; exclusive means that nobody else does', () => {
    const file = lockPath();
    const [a, b] = [openOrCreate(file, 'owner'), openOrCreate(file, 'owner')];
    afterThisTest(() => [a, b].forEach((fd) => fs.closeSync(fd)));
    expect([setUse(a, 'shared', file), setUse(b, 'shared', file)]).toEqual([true, true]);
    expect(setUse(a, 'exclusive', file)).toBe(false);
    expect(setUse(b, 'none', file)).toBe(true);
    expect(setUse(a, 'exclusive', file)).toBe(true);
    expect(setUse(b, 'shared', file)).toBe(false);
  });

  test('of a bad descriptor says so', () => {
    expect(thrownBy(() => setUse(999_999, 'shared', '/x'))).toMatchObject({
      code: 'DW_SYSTEM_CALL', values: { call: 'fcntl(F_OFD_SETLK)', errno: 'EBADF', path: '/x' },
    });
  });
});
