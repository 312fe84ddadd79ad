/** A system that fails where it is told to: at the nth call, once or from then on. */
import os from 'node:os';
import { type FileCalls, type Libc, replaceSystem, system } from '@deepwater/core/engine';

export interface Fault {
  /** Which call fails, counted from 0. */
  readonly at: number;
  /** An errno's name; or 'short', by which half of what was asked is read or written. */
  readonly kind: string;
  /** Every call of that name from then on fails, until `heal`. */
  readonly sticky: boolean;
}

/** What each call may fail with, as the manual pages say. */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  open: ['EMFILE', 'ENFILE', 'EIO', 'ENOSPC', 'ENOMEM', 'EACCES'], close: ['EIO'], fstat: ['EIO', 'ENOMEM'], stat: ['EIO', 'EACCES'], lstat: ['EIO', 'EACCES'],
  read: ['EIO', 'short'], write: ['ENOSPC', 'EIO', 'EDQUOT', 'short'], ftruncate: ['EIO', 'ENOSPC', 'EFBIG'], fdatasync: ['EIO', 'ENOSPC', 'EDQUOT'],
  fdatasyncAsync: ['EIO', 'ENOSPC', 'EDQUOT'], fsync: ['EIO', 'ENOSPC'], fchmod: ['EIO'], chmod: ['EIO', 'EPERM'], mkdir: ['ENOSPC', 'EIO', 'EMLINK', 'EACCES'],
  readdir: ['EIO', 'EMFILE'], rename: ['ENOSPC', 'EIO'], link: ['EMLINK', 'EIO'], unlink: ['EIO', 'EACCES'], rmdir: ['EIO', 'ENOTEMPTY'], access: ['EIO', 'EACCES'], realpath: ['EIO', 'EACCES'],
  mmap: ['ENOMEM', 'ENODEV', 'EACCES'], fallocate: ['ENOSPC', 'EIO', 'EDQUOT', 'EOPNOTSUPP'], fcntlLock: ['ENOLCK', 'EIO'],
};

/** Calls of the C library that may fail, by their names there. */
const LIBC = ['mmap', 'fallocate', 'fcntlLock'] as const;

/** What a system under test was asked, and the place in the engine that asked: a call site. */
export interface Call {
  readonly name: string;
  readonly site: string;
}

export class FaultySystem {
  readonly calls: Call[] = [];
  /** The call that failed. */
  failed: Call | undefined;
  #count = 0;
  #healed = false;
  readonly #restore: () => void;

  constructor(
    private readonly fault: Fault | undefined,
    private readonly record: boolean,
  ) {
    const files = { ...system.files } as Record<string, (...args: never[]) => unknown>;
    const wrapped: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(files)) {
      wrapped[name] = name === 'fdatasyncAsync'
        ? async (...args: never[]) => { this.#meet(name, undefined); return call(...args); }
        : (...args: never[]) => this.#file(name, call, args);
    }
    const libc = system.libc();
    let errno: number | undefined;
    const faulty = { ...libc } as Record<string, unknown>;
    for (const name of LIBC) {
      const call = libc[name] as (...args: never[]) => unknown;
      faulty[name] = (...args: never[]) => {
        errno = this.#hit(name);
        return errno === undefined ? call(...args) : -1;
      };
    }
    faulty['errno'] = () => errno ?? libc.errno();
    this.#restore = replaceSystem({ files: wrapped as unknown as FileCalls, libc: () => faulty as unknown as Libc });
  }

  /** From here on nothing fails. */
  heal(): void { this.#healed = true; }

  /** Puts the system back. */
  end(): void { this.#restore(); }

  #file(name: string, call: (...args: never[]) => unknown, args: never[]): unknown {
    if (name === 'close') {
      // Whatever close(2) says, the descriptor is gone.
      const result = call(...args);
      this.#meet(name, undefined);
      return result;
    }
    if (name === 'read' || name === 'write') return this.#meet(name, () => {
      const [fd, bytes, from, length, position] = args as unknown as [number, Uint8Array, number, number, number];
      return (call as unknown as (...args: unknown[]) => unknown)(fd, bytes, from, Math.max(1, length >> 1), position);
    }) ?? call(...args);
    this.#meet(name, undefined);
    return call(...args);
  }

  #meet(name: string, short: (() => unknown) | undefined): unknown {
    const errno = this.#hit(name);
    if (errno === undefined) return undefined;
    if (errno === 0) return short?.();
    const { kind } = this.fault as Fault;
    throw Object.assign(new Error(`${kind}: ${name}`), { errno: -errno, code: kind, syscall: name });
  }

  /** Counts a call. @returns the errno it fails with; 0: short; undefined: it does not */
  #hit(name: string): number | undefined {
    if (this.#healed) return undefined;
    const at = this.#count++;
    if (this.record) this.calls.push({ name, site: siteOf(name) });
    const { fault } = this;
    if (fault === undefined || at < fault.at) return undefined;
    if (at > fault.at && !(fault.sticky && this.failed?.name === name)) return undefined;
    this.failed ??= { name, site: siteOf(name) };
    return fault.kind === 'short' ? 0 : os.constants.errno[fault.kind as keyof typeof os.constants.errno] ?? 122; // Node.js does not know EDQUOT
  }
}

/** The call's name and the functions of the engine it was made through. */
function siteOf(name: string): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 12;
  const frames = (new Error().stack ?? '').split('\n').flatMap((line) => /at (?:async )?(?:new )?([\w.#<>]+) .*\/packages\/\w+\/dist\/(?!mapping)([\w/-]+)\.js:(\d+)/.exec(line)?.slice(1, 4).join(':') ?? []);
  Error.stackTraceLimit = limit;
  return `${name} < ${frames.slice(0, 3).join(' < ')}`;
}

/** A call that is to fail: the nth of a run, and where it is made. */
export type CallToFail = Call & { readonly at: number };

/** Of the calls of a run one of each call site, by the seed. @param part of the call sites, 0 to 1 */
export function oneOfEachSite(calls: readonly Call[], seed: number, part = 1): CallToFail[] {
  const bySite = new Map<string, CallToFail[]>();
  calls.forEach((call, at) => bySite.set(call.site, [...(bySite.get(call.site) ?? []), { at, ...call }]));
  let random = seed >>> 0;
  const next = (): number => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 4294967296;
  return [...bySite.values()].filter(() => part === 1 || next() < part).map((each) => each[Math.floor(next() * each.length)] as CallToFail);
}

/** Has each call fail in some of the ways it can. @param kindsOf which of them @returns what went wrong; FAULTS_LIST=1 prints all of it */
export async function failEach(calls: readonly CallToFail[], sticky: boolean, run: (fault: Fault) => Promise<unknown>, kindsOf = (kinds: readonly string[], _at: number): readonly string[] => kinds): Promise<string[]> {
  const failures: string[] = [];
  let runs = 0;
  for (const { at, name } of calls) {
    for (const kind of kindsOf(KINDS[name] ?? ['EIO'], at)) {
      try {
        await run({ at, kind, sticky });
      } catch (error) {
        failures.push((error as Error).message);
      }
      runs += 1;
    }
  }
  console.log(`${runs} runs over ${calls.length} calls, ${failures.length} failed`);
  if (process.env['FAULTS_LIST'] !== undefined) console.log(failures.map((failure) => failure.slice(0, 400)).join('\n'));
  return failures;
}
