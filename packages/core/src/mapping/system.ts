/**
 * Everything that Deepwater asks of the operating system, as one object that can be replaced: tests put faults, failpoints and a
 * simulated disk there. Outside of tests it is what stands here.
 *
 * Calls fail as those of `node:fs` do, by throwing an error with `errno`, `code` and `syscall`; those of the C library
 * return -1 and leave `errno`.
 */
import fs from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { type Libc, loadLibc } from './libc.js';
import type { MapOptions, MappedFile } from './mapped-file.js';

/** What is known of a file or directory without opening it. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  /** Bytes that it takes on the device: a sparse file takes less than its size. */
  readonly allocated: number;
  /** User id. */
  readonly owner: number;
  readonly mode: number;
  readonly links: number;
  readonly device: bigint;
  readonly inode: bigint;
  /** Of the content and of the file as such, ns since 1970. */
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

/** Calls of files. All wait but `fdatasyncAsync`. */
export interface FileCalls {
  /** @param flags `O_*` of fs.constants */
  open(path: string, flags: number, mode?: number): number;
  close(fd: number): void;
  fstat(fd: number): FileStat;
  /** Follows links; undefined where nothing is there. */
  stat(path: string): FileStat | undefined;
  /** Of a link, the link; undefined where nothing is there. */
  lstat(path: string): FileStat | undefined;
  /** pread(2); bytes read, 0 at the end. */
  read(fd: number, bytes: Uint8Array, from: number, length: number, position: number): number;
  /** pwrite(2); bytes written, which may be fewer than asked. */
  write(fd: number, bytes: Uint8Array, from: number, length: number, position: number): number;
  ftruncate(fd: number, size: number): void;
  fdatasync(fd: number): void;
  fdatasyncAsync(fd: number): Promise<void>;
  fsync(fd: number): void;
  fchmod(fd: number, mode: number): void;
  chmod(path: string, mode: number): void;
  mkdir(path: string, mode: number): void;
  readdir(path: string): string[];
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  /** @param mode `R_OK`, `W_OK`, `X_OK` of fs.constants */
  access(path: string, mode: number): void;
  realpath(path: string): string;
}

export interface System {
  files: FileCalls;
  /** The C library. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED */
  libc: () => Libc;
  /** Wall clock, ms since 1970. It may jump. */
  wallMs: () => number;
  /** A clock that never goes back, ms since some moment in the life of the process. */
  monotonicMs: () => number;
  /** Time since the boot, time asleep included (CLOCK_BOOTTIME), ms. */
  uptimeMs: () => number;
  /** The kernel's id of this boot, 32 hex digits. */
  bootId: () => string;
  /** Lets everything else go first that this thread has to do now. */
  nextTurn: () => Promise<void>;
  /** Bytes of the file system that a path is on: all, and those that this user may still use. */
  diskSpace: (path: string) => { readonly totalBytes: number; readonly freeBytes: number };
  /** Takes the place of mapping: a simulated disk has nothing that the kernel could map. */
  mapping?: {
    map(fd: number, options: MapOptions): MappedFile;
    place(view: Uint8Array, at: number, fd: number, offset: number, length: number): void;
    release(mapped: MappedFile): void;
  };
}

function statOf(stat: fs.BigIntStats): FileStat {
  return {
    kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other',
    size: Number(stat.size), allocated: Number(stat.blocks) * 512, owner: Number(stat.uid), mode: Number(stat.mode), links: Number(stat.nlink),
    device: stat.dev, inode: stat.ino, modifiedNs: stat.mtimeNs, changedNs: stat.ctimeNs,
  };
}

const fdatasyncAsync = promisify(fs.fdatasync);

const nodeFiles: FileCalls = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => { fs.closeSync(fd); },
  fstat: (fd) => statOf(fs.fstatSync(fd, { bigint: true })),
  stat: (path) => {
    const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : statOf(stat);
  },
  lstat: (path) => {
    const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : statOf(stat);
  },
  read: (fd, bytes, from, length, position) => fs.readSync(fd, bytes, from, length, position),
  write: (fd, bytes, from, length, position) => fs.writeSync(fd, bytes, from, length, position),
  ftruncate: (fd, size) => { fs.ftruncateSync(fd, size); },
  fdatasync: (fd) => { fs.fdatasyncSync(fd); },
  fdatasyncAsync: (fd) => fdatasyncAsync(fd),
  fsync: (fd) => { fs.fsyncSync(fd); },
  fchmod: (fd, mode) => { fs.fchmodSync(fd, mode); },
  chmod: (path, mode) => { fs.chmodSync(path, mode); },
  mkdir: (path, mode) => { fs.mkdirSync(path, mode); },
  readdir: (path) => fs.readdirSync(path),
  rename: (from, to) => { fs.renameSync(from, to); },
  link: (from, to) => { fs.linkSync(from, to); },
  unlink: (path) => { fs.unlinkSync(path); },
  rmdir: (path) => { fs.rmdirSync(path); },
  access: (path, mode) => { fs.accessSync(path, mode); },
  realpath: (path) => fs.realpathSync(path),
};

let boot: string | undefined;

const real: System = {
  files: nodeFiles,
  libc: loadLibc,
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  uptimeMs: () => os.uptime() * 1000,
  diskSpace: (path) => {
    const { bsize, blocks, bavail } = fs.statfsSync(path);
    return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
  },
  nextTurn: () => new Promise((resolve) => { setImmediate(resolve); }),
  bootId: () => (boot ??= fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '')),
};

/** The system of this thread. */
export const system: System = { ...real };

/** Puts other calls in the place of some of this thread's; what is returned puts the earlier ones back. For tests. */
export function replaceSystem(part: Partial<System>): () => void {
  const before = { ...system };
  Object.assign(system, part);
  return () => {
    if (before.mapping === undefined) delete system.mapping;
    Object.assign(system, before);
  };
}

/** The C library as this thread has it. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED */
export function libc(): Libc {
  return system.libc();
}
