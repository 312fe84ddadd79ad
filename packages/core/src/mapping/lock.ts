import { F_OFD_SETLK, F_RDLCK, F_UNLCK, F_WRLCK } from './libc.js';
import { libc, system } from './system.js';
import { type Access, closeFile, fileStat, openExisting, openOrCreate, readSmallFile } from './files.js';
import { errnoName, systemError } from './system-error.js';

/**
 * A lock of the kernel on a file (an 'open file description' lock, fcntl(2) F_OFD_SETLK). It belongs to the descriptor,
 * so two threads of one process exclude each other as two processes do, and it is gone the moment the descriptor is:
 * by close, by exit, by SIGKILL. There is no stale lock and no time-out.
 */
export class FileLock {
  private constructor(
    readonly path: string,
    private fd: number,
  ) {}

  /** Takes the lock, or returns undefined where somebody else holds it. Never waits. */
  static tryExclusive(path: string, access: Access): FileLock | undefined {
    const fd = openOrCreate(path, access);
    let taken = false;
    try {
      taken = setLock(fd, F_WRLCK, path);
    } finally {
      if (!taken) closeFile(fd);
    }
    if (!taken) return undefined;
    noteHolder(fd);
    return new FileLock(path, fd);
  }

  /** Whether somebody holds the lock now. Takes nothing, and is in nobody's way; a file that is not there is held by nobody. */
  static isHeld(path: string): boolean {
    if (fileStat(path) === undefined) return false;
    const fd = openExisting(path, false);
    try {
      const found = libc().fcntlGetLock(fd, F_WRLCK);
      if (found < 0) throw systemError('fcntl(F_OFD_GETLK)', path, libc().errno());
      return found !== F_UNLCK;
    } finally {
      closeFile(fd);
    }
  }

  /** The process id that the last holder wrote, for messages. */
  static holder(path: string): number | undefined {
    try {
      const pid = Number.parseInt(readSmallFile(path, 64) ?? '', 10);
      return Number.isInteger(pid) ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  release(): void {
    if (this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    closeFile(fd);
  }
}

/** Marks an open file as in use (shared), or asks whether nobody else uses it (exclusive). Never waits. */
export function setUse(fd: number, use: 'shared' | 'exclusive' | 'none', path: string): boolean {
  return setLock(fd, use === 'shared' ? F_RDLCK : use === 'exclusive' ? F_WRLCK : F_UNLCK, path);
}

/** Of the greatest process id. */
const PID_CHARACTERS = 10;

/** For people who look at the file; the lock itself is the kernel's. */
function noteHolder(fd: number): void {
  try {
    // Of one length, so that nothing is cut off and taken again: that costs a file system more than the lock itself.
    const text = Buffer.from(`${String(process.pid).padEnd(PID_CHARACTERS)}\n`);
    system.files.write(fd, text, 0, text.length, 0);
  } catch {
    // On a full disk the file names nobody, or an earlier holder. The lock holds all the same, and a store must open while the disk is full.
  }
}

function setLock(fd: number, type: number, path: string): boolean {
  if (libc().fcntlLock(fd, F_OFD_SETLK, type) === 0) return true;
  const errno = libc().errno();
  const name = errnoName(errno);
  if (name === 'EAGAIN' || name === 'EACCES') return false;
  throw systemError('fcntl(F_OFD_SETLK)', path, errno);
}
