import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  closeFile, createExclusive, makeDirectory, openExisting, openOrCreate, punchHole, readAt, readSmallFile, regularFileSize,
  removeFile, replaceFile, reserve, setFileSize, syncData, syncDirectory, writeFully,
} from '../dist/index.js';
import { afterThisTest, fill, runScript, smallFileSystem, temporaryDirectory, temporaryFile, thrownBy } from './mapping-tools.js';

const BAD_FD = 999_999;
const isRoot = process.geteuid?.() === 0;

/** Opens a file for the time of the test. */
function opened(file: string, writable = true): number {
  const fd = openExisting(file, writable);
  afterThisTest(() => fs.closeSync(fd));
  return fd;
}

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777;

describe('opening and creating', () => {
  test('an existing file, for reading or for writing, as it is', () => {
    const file = temporaryFile(Buffer.from('as it is'));
    expect(fs.readFileSync(opened(file, false), 'utf8')).toBe('as it is');
    writeFully(opened(file, true), Buffer.from('AS'), 0, file);
    expect(fs.readFileSync(file, 'utf8')).toBe('AS it is');
  });

  test('what is created belongs to the owner alone, or may be read by the group', () => {
    const directory = temporaryDirectory();
    const made = (name: string): string => path.join(directory, name);
    for (const [access, file, folder] of [['owner', 0o600, 0o700], ['group', 0o640, 0o750]] as const) {
      fs.closeSync(createExclusive(made(`exclusive-${access}`), access));
      fs.closeSync(openOrCreate(made(`either-${access}`), access));
      makeDirectory(made(`${access}/deep/below`), access);
      expect([`exclusive-${access}`, `either-${access}`].map((name) => modeOf(made(name)))).toEqual([file, file]);
      expect([access, `${access}/deep`, `${access}/deep/below`].map((name) => modeOf(made(name)))).toEqual([folder, folder, folder]);
    }
  });

  test('opening or creating keeps what is there', () => {
    const file = temporaryFile(Buffer.from('kept'));
    fs.closeSync(openOrCreate(file, 'owner'));
    expect(fs.readFileSync(file, 'utf8')).toBe('kept');
  });

  test.each([
    ['openExisting', (file: string) => openExisting(file, false)],
    ['openExisting for writing', (file: string) => openExisting(file, true)],
    ['createExclusive', (file: string) => createExclusive(file, 'owner')],
    ['openOrCreate', (file: string) => openOrCreate(file, 'owner')],
    ['readSmallFile', (file: string) => readSmallFile(file, 1000)],
  ])('%s does not follow a symbolic link, to a file or to nothing', (what, open) => {
    const directory = temporaryDirectory();
    const target = temporaryFile(Buffer.from('not yours'), directory, 'target');
    for (const to of [target, path.join(directory, 'nothing')]) {
      const link = path.join(directory, `link-to-${path.basename(to)}`);
      fs.symlinkSync(to, link);
      const errno = what === 'createExclusive' ? 'EEXIST' : 'ELOOP';
      expect(thrownBy(() => open(link))).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { call: 'open', errno, path: link } });
    }
    expect(fs.readFileSync(target, 'utf8')).toBe('not yours');
    expect(fs.readdirSync(directory)).not.toContain('nothing');
  });

  test('a pipe in a file’s place is refused, not waited for', async () => {
    const pipe = path.join(temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { code, output } = await runScript(new URL('./workers/mapping-pipe.mjs', import.meta.url), [pipe]);
    expect({ code, output }).toEqual({ code: 0, output: 'open: DW_FILE_CORRUPT\nread: DW_FILE_CORRUPT\n' });
  });

  test('a directory or a device is no regular file', () => {
    for (const file of [temporaryDirectory(), '/dev/null']) {
      const fd = opened(file, false);
      expect(thrownBy(() => regularFileSize(fd, file))).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file } });
    }
  });

  test('a file of some other user is not trusted, unless the directory is that user’s too', ({ skip }) => {
    if (!isRoot) return skip('only root can give files away');
    const directory = temporaryDirectory();
    const file = temporaryFile(10, directory);
    fs.chownSync(file, 12345, 12345);
    expect(thrownBy(() => regularFileSize(opened(file), file))).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file, owner: 12345 } });
    fs.chownSync(directory, 12345, 12345);
    expect(regularFileSize(opened(file), file)).toBe(10);
  });
});

describe('space', () => {
  test('reserved blocks are taken from the disk at once; the size stays', () => {
    const file = temporaryFile(4 << 20);
    const fd = opened(file);
    expect(fs.statSync(file).blocks).toBe(0);
    reserve(fd, 1 << 20, 2 << 20, file);
    expect(fs.statSync(file)).toMatchObject({ size: 4 << 20 });
    expect(fs.statSync(file).blocks * 512).toBeGreaterThanOrEqual(2 << 20);
    reserve(fd, 4 << 20, 1 << 20, file);
    expect(fs.statSync(file).size).toBe(4 << 20);
  });

  test('nothing is reserved or freed for an empty range', () => {
    const file = temporaryFile(Buffer.alloc(8192, 1));
    const fd = opened(file);
    for (const length of [0, -4096]) {
      reserve(fd, 0, length, file);
      punchHole(fd, 0, length, file);
    }
    expect(fs.readFileSync(file).every((byte) => byte === 1)).toBe(true);
  });

  test('a hole gives its blocks back and reads as zeros; what lies around it stays', () => {
    const file = temporaryFile(Buffer.alloc(1 << 20, 1));
    const fd = opened(file);
    syncData(fd, file);
    const before = fs.statSync(file).blocks * 512;
    punchHole(fd, 64 * 1024 + 100, 512 * 1024, file);
    expect(before - fs.statSync(file).blocks * 512).toBeGreaterThanOrEqual(512 * 1024 - 4096);
    const bytes = fs.readFileSync(file);
    expect(bytes.length).toBe(1 << 20);
    const [from, to] = [64 * 1024 + 100, 576 * 1024 + 100];
    expect(bytes.every((byte, i) => byte === (i >= from && i < to ? 0 : 1))).toBe(true);
  });

  test('full: DW_DISK_FULL with call and path, from reserving, writing and replacing; what was there is unharmed', ({ skip }) => {
    const small = smallFileSystem(1 << 20);
    if ('reason' in small) return skip(small.reason);
    const { directory } = small;
    const file = temporaryFile(Buffer.from('precious'), directory);
    const fd = opened(file);
    expect(thrownBy(() => reserve(fd, 0, 2 << 20, file))).toMatchObject({
      code: 'DW_DISK_FULL', message: expect.stringContaining(file) as string, values: { call: 'fallocate', errno: 'ENOSPC', path: file },
    });
    fill(directory);
    expect(thrownBy(() => writeFully(fd, Buffer.alloc(8192, 1), 4096, file))).toMatchObject({
      code: 'DW_DISK_FULL', values: { call: 'write', errno: 'ENOSPC', path: file },
    });
    expect(thrownBy(() => replaceFile(file, 'x'.repeat(10_000), 'owner'))).toMatchObject({ code: 'DW_DISK_FULL', values: { errno: 'ENOSPC' } });
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
    expect(fs.readdirSync(directory).sort()).toEqual(['file', 'filling']);
    fs.unlinkSync(path.join(directory, 'filling'));
    replaceFile(file, 'new', 'owner');
    expect(fs.readFileSync(file, 'utf8')).toBe('new');
  });
});

describe('reading and writing', () => {
  test('all bytes go to their place and come back; a read past the end tells how much there was', () => {
    const file = temporaryFile(100);
    const fd = opened(file);
    writeFully(fd, Buffer.from('hello'), 98, file);
    expect(regularFileSize(fd, file)).toBe(103);
    const bytes = Buffer.alloc(10);
    expect(readAt(fd, bytes, 98, file)).toBe(5);
    expect(bytes.toString('latin1')).toBe('hello\0\0\0\0\0');
    expect(readAt(fd, bytes, 1000, file)).toBe(0);
  });

  test('a size can be set; what is new reads as zeros', () => {
    const file = temporaryFile(Buffer.from('abc'));
    setFileSize(opened(file), 6, file);
    expect(fs.readFileSync(file, 'latin1')).toBe('abc\0\0\0');
  });

  test('a replaced file is the new one whole, with its mode, and nothing lies beside it', () => {
    const directory = temporaryDirectory();
    const file = temporaryFile(Buffer.from('old'), directory);
    fs.writeFileSync(`${file}.${process.pid}.new`, 'left by a process that was killed');
    replaceFile(file, 'új', 'group');
    expect(fs.readFileSync(file, 'utf8')).toBe('új');
    expect(modeOf(file)).toBe(0o640);
    expect(fs.readdirSync(directory)).toEqual(['file']);
  });

  test('a small file is read whole, is missing, or is too large', () => {
    const file = temporaryFile(Buffer.from('text'));
    expect(readSmallFile(file, 4)).toBe('text');
    expect(readSmallFile(`${file}-missing`, 4)).toBeUndefined();
    expect(thrownBy(() => readSmallFile(file, 3))).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { path: file, size: 4, limit: 3 } });
  });

  test('removing says whether there was something', () => {
    const file = temporaryFile(1);
    expect([removeFile(file), removeFile(file)]).toEqual([true, false]);
  });
});

describe('every call that fails says which, why and where', () => {
  const cases: [string, (directory: string) => unknown, { call: string; errno: string; path?: string }][] = [
    ['openExisting', (d) => openExisting(`${d}/none`, false), { call: 'open', errno: 'ENOENT', path: 'none' }],
    ['openExisting of a directory for writing', (d) => openExisting(d, true), { call: 'open', errno: 'EISDIR' }],
    ['createExclusive', (d) => createExclusive(`${d}/file`, 'owner'), { call: 'open', errno: 'EEXIST', path: 'file' }],
    ['openOrCreate', (d) => openOrCreate(`${d}/none/x`, 'owner'), { call: 'open', errno: 'ENOENT', path: 'none/x' }],
    ['closeFile', () => closeFile(BAD_FD), { call: 'close', errno: 'EBADF' }],
    ['regularFileSize', (d) => regularFileSize(BAD_FD, `${d}/file`), { call: 'fstat', errno: 'EBADF', path: 'file' }],
    ['setFileSize', (d) => setFileSize(opened(`${d}/file`, false), 5, `${d}/file`), { call: 'ftruncate', errno: 'EINVAL', path: 'file' }],
    ['reserve', (d) => reserve(opened(`${d}/file`, false), 0, 5, `${d}/file`), { call: 'fallocate', errno: 'EBADF', path: 'file' }],
    ['punchHole', (d) => punchHole(BAD_FD, 0, 5, `${d}/file`), { call: 'fallocate(PUNCH_HOLE)', errno: 'EBADF', path: 'file' }],
    ['writeFully', (d) => writeFully(opened(`${d}/file`, false), Buffer.from('x'), 0, `${d}/file`), { call: 'write', errno: 'EBADF', path: 'file' }],
    ['readAt', (d) => readAt(opened(d, false), Buffer.alloc(1), 0, d), { call: 'read', errno: 'EISDIR' }],
    ['syncData', (d) => syncData(BAD_FD, `${d}/file`), { call: 'fdatasync', errno: 'EBADF', path: 'file' }],
    ['syncDirectory', (d) => syncDirectory(`${d}/file`), { call: 'open', errno: 'ENOTDIR', path: 'file' }],
    ['makeDirectory', (d) => makeDirectory(`${d}/file/x`, 'owner'), { call: 'mkdir', errno: 'ENOTDIR', path: 'file/x' }],
    ['removeFile', (d) => removeFile(`${d}/file/x`), { call: 'unlink', errno: 'ENOTDIR', path: 'file/x' }],
    ['replaceFile', (d) => replaceFile(`${d}/none/x`, '', 'owner'), { call: 'open', errno: 'ENOENT' }],
    ['readSmallFile', (d) => readSmallFile(`${d}/file/x`, 9), { call: 'open', errno: 'ENOTDIR', path: 'file/x' }],
  ];

  test.each(cases)('%s', (_name, run, { path: at, ...values }) => {
    const directory = temporaryDirectory();
    temporaryFile(Buffer.from('content'), directory);
    const error = thrownBy(() => run(directory));
    expect(error).toMatchObject({ code: 'DW_SYSTEM_CALL', values });
    if (at !== undefined) expect(error.values['path']).toBe(path.join(directory, at));
    expect(error.message).toContain(`${values.call} failed with ${values.errno} on ${String(error.values['path'])}. `);
    expect(fs.readFileSync(path.join(directory, 'file'), 'utf8')).toBe('content');
  });

  test('a link to a directory is not taken for a directory', () => {
    const directory = temporaryDirectory();
    const link = path.join(directory, 'link');
    fs.symlinkSync('/', link);
    expect(thrownBy(() => makeDirectory(link, 'owner'))).toMatchObject({ code: 'DW_BASE_PATH_INVALID', values: { path: link } });
  });

  test('no file handles left: EMFILE, and how to raise the limit', async () => {
    const { code, output } = await runScript(new URL('./workers/mapping-handles.mjs', import.meta.url), [temporaryFile(10)]);
    expect({ code, output }).toEqual({ code: 0, output: 'DW_SYSTEM_CALL open EMFILE ulimit: true\n' });
  });
});
