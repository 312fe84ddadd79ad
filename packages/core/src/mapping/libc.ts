/**
 * The only module that talks to the C library. Everything else of Deepwater reaches the kernel through the
 * functions of this folder, so that faults can be put in at one place and koffi can be replaced at one place.
 *
 * Linux first. The numbers below are those of the Linux UAPI headers (`asm-generic/mman-common.h`,
 * `asm-generic/fcntl.h`, `linux/falloc.h`, `linux/futex.h`, `linux/membarrier.h`).
 */
import koffi from 'koffi';
import { DeepwaterError } from '../errors/index.js';

export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;

export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;

export const MADV_NORMAL = 0;
export const MADV_RANDOM = 1;
export const MADV_SEQUENTIAL = 2;
export const MADV_WILLNEED = 3;
export const MADV_DONTNEED = 4;

export const FALLOC_FL_KEEP_SIZE = 0x01;
export const FALLOC_FL_PUNCH_HOLE = 0x02;

export const F_OFD_GETLK = 36;
export const F_OFD_SETLK = 37;
export const F_RDLCK = 0;
export const F_WRLCK = 1;
export const F_UNLCK = 2;

export const FUTEX_WAIT = 0;
export const FUTEX_WAKE = 1;
/** Of futex_waitv(2), Linux 5.16: a word of 32 bits; the clock that its time-out is on. */
export const FUTEX_32 = 2;
/** Words that one call can wait on (FUTEX_WAITV_MAX). */
export const FUTEX_WORDS_MAX = 128;
export const CLOCK_MONOTONIC = 1;

export const MEMBARRIER_CMD_QUERY = 0;
export const MEMBARRIER_CMD_GLOBAL_EXPEDITED = 1 << 1;
export const MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 1 << 2;
export const MEMBARRIER_CMD_PRIVATE_EXPEDITED = 1 << 3;
export const MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

/** Newer system calls have the same number on every processor. */
const SYS_FUTEX_WAITV = 449;

/** System call numbers differ by processor; only the ones libc has no wrapper for are needed. */
const SYSCALLS: Readonly<Record<string, { futex: number; membarrier: number; gettid: number }>> = {
  x64: { futex: 202, membarrier: 324, gettid: 186 },
  arm64: { futex: 98, membarrier: 283, gettid: 178 },
};

/** The calls in use. Pointers are typed arrays over the memory they point at; results are the C results. */
export interface Libc {
  mmap(address: Uint8Array, length: number, prot: number, flags: number, fd: number, offset: number): number | bigint;
  madvise(address: Uint8Array, length: number, advice: number): number;
  /** @param pages a byte for each page, whose lowest bit is set where the page is in memory */
  mincore(address: Uint8Array, length: number, pages: Uint8Array): number;
  msync(address: Uint8Array, length: number, flags: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  /** Of the whole file. @param type F_RDLCK, F_WRLCK, F_UNLCK */
  fcntlLock(fd: number, command: number, type: number): number;
  futexWait(word: Int32Array, expected: number, timeoutNs: number): number;
  futexWake(word: Int32Array, count: number): number;
  /** @param words at most FUTEX_WORDS_MAX @param deadlineNs on the monotonic clock, which `process.hrtime` shows */
  futexWaitAny(words: readonly Int32Array[], expected: readonly number[], deadlineNs: bigint): number;
  membarrier(command: number): number;
  gettid(): number;
  /** `errno` as the last call of this thread left it. */
  errno(): number;
}

let loaded: Libc | undefined;

/** Loads the C library on first use. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED anywhere but on 64-bit Linux. */
export function loadLibc(): Libc {
  return (loaded ??= load());
}

function load(): Libc {
  const numbers = SYSCALLS[process.arch];
  if (process.platform !== 'linux' || numbers === undefined) {
    throw new DeepwaterError(
      'DW_PLATFORM_UNSUPPORTED',
      `Deepwater maps files through Linux system calls and does not run on ${process.platform}/${process.arch}; ` +
        'use Linux on x64 or arm64 (a container or WSL 2 will do).',
      { values: { platform: process.platform, arch: process.arch } },
    );
  }
  const library = koffi.load(null);
  // Declarations are strings, and structures are bytes: of arrays and objects koffi reads the members through the engine, which
  // refuses that in a thread that is being terminated, and koffi then takes what it did not get for a value.
  const mmap = library.func('intptr_t mmap(void *address, size_t length, int prot, int flags, int fd, int64_t offset)');
  const madvise = library.func('int madvise(void *address, size_t length, int advice)');
  const mincore = library.func('int mincore(void *address, size_t length, void *pages)');
  const msync = library.func('int msync(void *address, size_t length, int flags)');
  const fallocate = library.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)');
  const fcntl = library.func('int fcntl(int fd, int command, void *lock)');
  // syscall(2) takes its arguments as longs in registers; declaring the shapes in use avoids varargs.
  const futex = library.func('long syscall(long number, void *word, int operation, uint32_t value, void *time, void *word2, uint32_t value3)');
  const futexWaitv = library.func('long syscall(long number, void *waiters, uint32_t count, uint32_t flags, void *deadline, int clock)');
  const plain = library.func('long syscall(long number, int a, int b, int c)');
  // What calls are given, one call after the other: each thread has an instance of this module, and these with it.
  /** struct flock64: type, start, length (0: all of the file) and process, of which only the type is ever set. */
  const flock = new Int32Array(8);
  /** struct timespec, as words. */
  const time = new Int32Array(4);
  const deadline = new BigInt64Array(2);
  /** struct futex_waitv, each: value, address, and flags beside a reserved word. */
  const waiters = new BigUint64Array(3 * FUTEX_WORDS_MAX);

  return {
    mmap: (address, length, prot, flags, fd, offset) => mmap(address, length, prot, flags, fd, offset) as number | bigint,
    madvise: (address, length, advice) => madvise(address, length, advice) as number,
    mincore: (address, length, pages) => mincore(address, length, pages) as number,
    msync: (address, length, flags) => msync(address, length, flags) as number,
    fallocate: (fd, mode, offset, length) => fallocate(fd, mode, offset, length) as number,
    fcntlLock: (fd, command, type) => {
      flock.fill(0);
      flock[0] = type;
      return fcntl(fd, command, flock) as number;
    },
    futexWait: (word, expected, timeoutNs) => {
      time[0] = Math.floor(timeoutNs / 1e9);
      time[2] = timeoutNs % 1e9;
      return Number(futex(numbers.futex, word, FUTEX_WAIT, expected >>> 0, time, null, 0));
    },
    futexWake: (word, count) => Number(futex(numbers.futex, word, FUTEX_WAKE, count, null, null, 0)),
    futexWaitAny: (words, expected, deadlineNs) => {
      for (let i = 0; i < words.length; i++) {
        waiters[3 * i] = BigInt((expected[i] as number) >>> 0);
        waiters[3 * i + 1] = koffi.address(words[i] as Int32Array);
        waiters[3 * i + 2] = BigInt(FUTEX_32);
      }
      deadline[0] = deadlineNs / 1_000_000_000n;
      deadline[1] = deadlineNs % 1_000_000_000n;
      return Number(futexWaitv(SYS_FUTEX_WAITV, waiters, words.length, 0, deadline, CLOCK_MONOTONIC));
    },
    membarrier: (command) => Number(plain(numbers.membarrier, command, 0, 0)),
    gettid: () => Number(plain(numbers.gettid, 0, 0, 0)),
    errno: () => koffi.errno(),
  };
}
