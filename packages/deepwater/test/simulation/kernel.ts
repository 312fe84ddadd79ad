/**
 * The simulated operating system: processes with descriptors and mappings over a disk, clocks, and locks. What the engine asks of
 * `system` comes here while a simulation runs. Each call is a moment at which whoever runs the simulation may do something else,
 * or end the process.
 */
import { constants } from 'node:fs';
import os from 'node:os';
import type { FileCalls, FileStat, Libc, MapOptions, MappedFile, System } from '../../../core/dist/engine.js';
import { type Disk, type PendingSync, failure } from './disk.js';
import type { Inode } from './inode.js';

const { O_CREAT, O_EXCL, O_DIRECTORY } = constants;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const FALLOC_FL_PUNCH_HOLE = 2;

/**
 * What ends a process or thread in the midst of its work. It cannot be handled: whoever looks at it is ended once more, so that
 * nothing that would clean up after an error gets to do so.
 */
export const KILLED: Error = new Proxy(new Error('killed'), {
  get() { throw KILLED; },
  getPrototypeOf() { throw KILLED; },
  has() { throw KILLED; },
  ownKeys() { throw KILLED; },
});

/** A process. Its descriptors and locks are its threads' together. */
export interface Process {
  readonly name: string;
}

/** A thread of a process. What is dead reaches the disk no more. */
export interface Thread {
  readonly name: string;
  readonly process: Process;
  alive: boolean;
}

interface Descriptor {
  readonly inode: Inode;
  readonly owner: Process;
  lock: 'none' | 'shared' | 'exclusive';
}

/** A sync that a process has asked for and does not wait for; or, without one, a thread that has let others go first. */
export interface AsyncSync {
  readonly pending: PendingSync | undefined;
  readonly owner: Thread;
  readonly settle: (error?: unknown) => void;
}

export class Kernel {
  wallMs = 1_700_000_000_000;
  monotonicMs = 1000;
  bootId: string;
  /** Who runs now. */
  current: Thread | undefined;
  /** Syncs that are under way, in the order in which they were asked for. */
  syncs: AsyncSync[] = [];
  /** Told of every call before it is done. */
  atCall: ((call: string) => void) | undefined;
  readonly #mapped = new Map<Process, Set<Inode>>();
  readonly #descriptors = new Map<number, Descriptor>();
  #fds = 100;
  #errno = 0;

  constructor(public disk: Disk, boot: number) {
    this.bootId = boot.toString(16).padStart(32, '0');
  }

  /** What takes the place of the system. */
  system(): Partial<System> {
    return {
      files: this.#files(),
      libc: () => this.#libc,
      wallMs: () => this.wallMs,
      monotonicMs: () => this.monotonicMs,
      bootId: () => this.bootId,
      nextTurn: () => {
        if (this.current?.alive === false) return new Promise(() => {});
        const owner = this.current ?? NOBODY;
        return new Promise((resolve) => { this.syncs.push({ pending: undefined, owner, settle: () => { resolve(); } }); });
      },
      mapping: {
        map: (fd, options) => this.#map(fd, options),
        place: (view, at, fd, offset, length) => {
          const inode = this.#open(fd, 'mmap').inode;
          view.set(inode.bytes.subarray(offset, offset + length), at);
        },
        release: () => {},
      },
    };
  }

  /** Files that a process can change through mappings. */
  mappedBy(process: Process): ReadonlySet<Inode> {
    return this.#mapped.get(process) ?? new Set();
  }

  /** Closes what a process had open: its locks are free. */
  end(process: Process): void {
    for (const [fd, descriptor] of this.#descriptors) if (descriptor.owner === process) this.#close(fd);
    this.#mapped.delete(process);
    this.syncs = this.syncs.filter(({ owner }) => owner.process !== process);
  }

  /** How many descriptors a process has open. */
  openOf(process: Process): number {
    let count = 0;
    for (const { owner } of this.#descriptors.values()) if (owner === process) count += 1;
    return count;
  }

  #enter(call: string): void {
    if (this.current?.alive === false) throw KILLED;
    this.atCall?.(call);
  }

  #open(fd: number, call: string): Descriptor {
    const found = this.#descriptors.get(fd);
    if (found === undefined) throw failure('EBADF', call);
    return found;
  }

  #close(fd: number): void {
    const { inode } = this.#open(fd, 'close');
    this.#descriptors.delete(fd);
    inode.opened -= 1;
    this.disk.released(inode);
  }

  #map(fd: number, { path, length, mode, offset, scratchBytes }: MapOptions): MappedFile {
    this.#enter('mmap');
    const { inode } = this.#open(fd, 'mmap');
    if ((offset ?? 0) !== 0) throw new Error(`the simulated disk maps whole files only (${path} from ${offset})`);
    const { memory, scratchOffset } = inode.map(length, scratchBytes ?? 0, mode, mode === 'shared');
    if (mode === 'shared' && this.current !== undefined) {
      const { process } = this.current;
      const mapped = this.#mapped.get(process);
      if (mapped === undefined) this.#mapped.set(process, new Set([inode]));
      else mapped.add(inode);
    }
    return { memory, buffer: memory.buffer as unknown as SharedArrayBuffer, fileBytes: length, scratchOffset };
  }

  #stat(inode: Inode): FileStat {
    return {
      kind: inode.kind, size: inode.size, allocated: inode.blocks.size * 4096, owner: process.geteuid?.() ?? 0, mode: inode.mode, links: inode.links,
      device: inode.volatile ? 2n : 1n, inode: BigInt(inode.number), modifiedNs: 0n, changedNs: 0n,
    };
  }

  #files(): FileCalls {
    const there = (path: string, call: string): Inode => {
      const inode = this.disk.find(path);
      if (inode === undefined) throw failure('ENOENT', call);
      return inode;
    };
    const stat = (path: string): FileStat | undefined => {
      this.#enter('stat');
      const inode = this.disk.find(path);
      return inode === undefined ? undefined : this.#stat(inode);
    };
    const sync = (fd: number, call: string): void => {
      this.#enter(call);
      this.disk.endSync(this.disk.beginSync(this.#open(fd, call).inode));
    };
    return {
      open: (path, flags, mode) => {
        this.#enter('open');
        let inode = this.disk.find(path);
        if (inode !== undefined && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw failure('EEXIST', 'open');
        if (inode === undefined && (flags & O_CREAT) !== 0) inode = this.disk.create(path, 'file', mode ?? 0o600);
        if (inode === undefined) throw failure('ENOENT', 'open');
        if ((flags & O_DIRECTORY) !== 0 && inode.kind !== 'directory') throw failure('ENOTDIR', 'open');
        inode.opened += 1;
        const fd = ++this.#fds;
        this.#descriptors.set(fd, { inode, owner: this.current?.process ?? NOBODY.process, lock: 'none' });
        return fd;
      },
      close: (fd) => {
        if (this.current?.alive === false) return;
        this.#close(fd);
      },
      fstat: (fd) => {
        this.#enter('fstat');
        return this.#stat(this.#open(fd, 'fstat').inode);
      },
      stat, lstat: stat,
      read: (fd, bytes, from, length, position) => {
        this.#enter('read');
        return this.#open(fd, 'read').inode.read(bytes, from, length, position);
      },
      write: (fd, bytes, from, length, position) => {
        this.#enter('write');
        const { inode } = this.#open(fd, 'write');
        if (!this.disk.reserve(inode, position, length)) throw failure('ENOSPC', 'write');
        inode.write(bytes.subarray(from, from + length), position);
        return length;
      },
      ftruncate: (fd, size) => {
        this.#enter('ftruncate');
        this.#open(fd, 'ftruncate').inode.resize(size);
      },
      fdatasync: (fd) => { sync(fd, 'fdatasync'); },
      fsync: (fd) => { sync(fd, 'fsync'); },
      fdatasyncAsync: (fd) => {
        // Who is dead waits for ever, instead of being told: nothing of it may go on.
        if (this.current?.alive === false) return new Promise(() => {});
        this.atCall?.('fdatasync, not waited for');
        const pending = this.disk.beginSync(this.#open(fd, 'fdatasync').inode);
        const owner = this.current ?? NOBODY;
        return new Promise((resolve, reject) => {
          this.syncs.push({ pending, owner, settle: (error) => { if (error === undefined) resolve(); else reject(error as Error); } });
        });
      },
      fchmod: (fd, mode) => { this.#open(fd, 'fchmod').inode.mode = mode; },
      chmod: (path, mode) => { there(path, 'chmod').mode = mode; },
      mkdir: (path, mode) => {
        this.#enter('mkdir');
        this.disk.create(path, 'directory', mode);
      },
      readdir: (path) => {
        this.#enter('readdir');
        const inode = there(path, 'readdir');
        if (inode.kind !== 'directory') throw failure('ENOTDIR', 'readdir');
        return [...inode.entries.keys()];
      },
      rename: (from, to) => {
        this.#enter('rename');
        this.disk.rename(from, to);
      },
      link: (from, to) => {
        this.#enter('link');
        this.disk.link(from, to);
      },
      unlink: (path) => {
        this.#enter('unlink');
        this.disk.unlink(path, 'file');
      },
      rmdir: (path) => {
        this.#enter('rmdir');
        this.disk.unlink(path, 'directory');
      },
      access: (path) => { there(path, 'access'); },
      realpath: (path) => {
        there(path, 'realpath');
        return path;
      },
    };
  }

  readonly #libc: Libc = {
    mmap: () => { throw new Error('mmap is not to be reached in a simulation'); },
    madvise: () => 0,
    mincore: (_address, length, pages) => {
      pages.fill(1, 0, length / 4096);
      return 0;
    },
    msync: () => 0,
    fallocate: (fd, mode, offset, length) => {
      this.#enter('fallocate');
      const { inode } = this.#open(fd, 'fallocate');
      if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
        this.disk.punch(inode, offset, length);
        return 0;
      }
      if (this.disk.reserve(inode, offset, length)) return 0;
      this.#errno = os.constants.errno.ENOSPC;
      return -1;
    },
    fcntlGetLock: (fd, type) => {
      const mine = this.#open(fd, 'fcntl');
      for (const other of this.#descriptors.values()) {
        if (other === mine || other.inode !== mine.inode || other.lock === 'none') continue;
        if (type === F_WRLCK || other.lock === 'exclusive') return other.lock === 'exclusive' ? F_WRLCK : F_RDLCK;
      }
      return F_UNLCK;
    },
    fcntlLock: (fd, _command, type) => {
      this.#enter('fcntl');
      const mine = this.#open(fd, 'fcntl');
      const wanted = type === F_UNLCK ? 'none' : type === F_WRLCK ? 'exclusive' : 'shared';
      for (const other of this.#descriptors.values()) {
        if (other === mine || other.inode !== mine.inode || other.lock === 'none' || wanted === 'none') continue;
        if (wanted === 'shared' && other.lock === 'shared') continue;
        this.#errno = os.constants.errno.EAGAIN;
        return -1;
      }
      mine.lock = wanted;
      return 0;
    },
    futexWait: () => 0,
    futexWake: () => 0,
    futexWaitAny: () => 0,
    membarrier: () => 0,
    gettid: () => 4_000_000,
    errno: () => this.#errno,
  };
}

const NOBODY: Thread = { name: 'nobody', process: { name: 'nobody' }, alive: true };
