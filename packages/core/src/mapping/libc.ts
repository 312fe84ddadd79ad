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

export interface OfdLock {
  l_type: number;
  l_whence: number;
  l_start: number;
  l_len: number;
  l_pid: number;
}

/** The calls in use. Pointers are typed arrays over the memory they point at; results are the C results. */
export interface Libc {
  mmap(address: Uint8Array, length: number, prot: number, flags: number, fd: number, offset: number): number | bigint;
  madvise(address: Uint8Array, length: number, advice: number): number;
  msync(address: Uint8Array, length: number, flags: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  fcntlLock(fd: number, command: number, lock: OfdLock): number;
  futexWait(word: Int32Array, expected: number, timeoutNs: number): number;
  futexWake(word: Int32Array, count: number): number;
  /** @param deadlineNs on the monotonic clock, which `process.hrtime` shows */
  futexWaitAny(words: readonly Int32Array[], expected: readonly number[], deadlineNs: bigint): number;
  membarrier(command: number): number;
  gettid(): number;
  /** `errno` as the last call of this thread left it. */
  errno(): number;
}

let loaded: Libc | undefined;

/** Loads the C library on first use. @throws DeepwaterError DW_PLATFORM_UNSUPPORTED anywhere but on 64-bit Linux. */
export function libc(): Libc {
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
  const lockType = koffi.struct({
    l_type: 'int16_t',
    l_whence: 'int16_t',
    l_start: 'int64_t',
    l_len: 'int64_t',
    l_pid: 'int32_t',
  });
  const timespec = koffi.struct({ tv_sec: 'int64_t', tv_nsec: 'int64_t' });
  const mmap = library.func('mmap', 'intptr_t', ['void *', 'size_t', 'int', 'int', 'int', 'int64_t']);
  const madvise = library.func('madvise', 'int', ['void *', 'size_t', 'int']);
  const msync = library.func('msync', 'int', ['void *', 'size_t', 'int']);
  const fallocate = library.func('fallocate', 'int', ['int', 'int', 'int64_t', 'int64_t']);
  const fcntl = library.func('fcntl', 'int', ['int', 'int', koffi.inout(koffi.pointer(lockType))]);
  // syscall(2) takes its arguments as longs in registers; declaring the shapes in use avoids varargs.
  const futex = library.func('syscall', 'long', ['long', 'void *', 'int', 'uint32_t', 'void *', 'void *', 'uint32_t']);
  // A timespec that is filled in place (both processors are little-endian): to have one made of an object takes twice as long as the call.
  const timeout = new Int32Array(4);
  const waiter = koffi.struct({ val: 'uint64_t', uaddr: 'void *', flags: 'uint32_t', reserved: 'uint32_t' });
  const futexWaitv = library.func('syscall', 'long', ['long', koffi.pointer(waiter), 'uint32_t', 'uint32_t', koffi.pointer(timespec), 'int']);
  const plain = library.func('syscall', 'long', ['long', 'int', 'int', 'int']);

  return {
    mmap: (address, length, prot, flags, fd, offset) => mmap(address, length, prot, flags, fd, offset) as number | bigint,
    madvise: (address, length, advice) => madvise(address, length, advice) as number,
    msync: (address, length, flags) => msync(address, length, flags) as number,
    fallocate: (fd, mode, offset, length) => fallocate(fd, mode, offset, length) as number,
    fcntlLock: (fd, command, lock) => fcntl(fd, command, lock) as number,
    futexWait: (word, expected, timeoutNs) => {
      timeout[0] = Math.floor(timeoutNs / 1e9);
      timeout[2] = timeoutNs % 1e9;
      return Number(futex(numbers.futex, word, FUTEX_WAIT, expected >>> 0, timeout, null, 0));
    },
    futexWake: (word, count) => Number(futex(numbers.futex, word, FUTEX_WAKE, count, null, null, 0)),
    futexWaitAny: (words, expected, deadlineNs) =>
      Number(
        futexWaitv(
          SYS_FUTEX_WAITV, words.map((word, i) => ({ val: (expected[i] as number) >>> 0, uaddr: word, flags: FUTEX_32, reserved: 0 })), words.length, 0,
          { tv_sec: deadlineNs / 1_000_000_000n, tv_nsec: deadlineNs % 1_000_000_000n }, CLOCK_MONOTONIC,
        ),
      ),
    membarrier: (command) => Number(plain(numbers.membarrier, command, 0, 0)),
    gettid: () => Number(plain(numbers.gettid, 0, 0, 0)),
    errno: () => koffi.errno(),
  };
}
