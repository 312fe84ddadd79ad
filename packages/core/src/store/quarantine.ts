/**
 * `quarantine/<feed>/<time>-<n>/` at the base path: what cannot be used and is not thrown away. What has to do with no feed
 * lies in `quarantine/.store/`. Each such directory has a `report.json` that says what was taken from where, and why.
 */
import path from 'node:path';
import { makeDirectory } from '../mapping/directories.js';
import { failpoint } from '../mapping/failpoint.js';
import {
  type Access, closeFile, createExclusive, fileStat, openExisting, readAt, removeFile, renameFile, replaceFile, syncData, syncDirectory, writeFully,
} from '../mapping/files.js';
import { system } from '../mapping/system.js';
import { STORE_FILES } from './feed-paths.js';

/** What was put into quarantine. */
export interface QuarantineNote {
  /** Where it was, from the base path on; of what lay elsewhere the whole path. */
  readonly from: string;
  /** Its name in the quarantine's directory. */
  readonly name: string;
  readonly why: string;
}

const PIECE_BYTES = 1024 * 1024;

/** The quarantine of one piece of work on a feed, or on the store. Its directory is made with the first thing that goes there. */
export class Quarantine {
  readonly notes: QuarantineNote[] = [];
  #directory: string | undefined;

  constructor(
    private readonly basePath: string,
    private readonly access: Access,
    private readonly feed: string | undefined,
  ) {}

  /** Where things went; undefined where nothing did. */
  get directory(): string | undefined {
    return this.#directory;
  }

  /** Moves a file or directory here, durably; from another file system by way of a copy. @throws DeepwaterError DW_SYSTEM_CALL, DW_DISK_FULL */
  take(file: string, why: string): void {
    const to = this.#place(path.basename(file));
    this.#note(file, to, why);
    if (fileStat(file)?.device === fileStat(path.dirname(to))?.device) renameFile(file, to);
    else this.#copy(file, to);
    syncDirectory(path.dirname(to));
    failpoint('repair.quarantined');
    removeFileOf(file);
    syncDirectory(path.dirname(file));
  }

  /** Keeps bytes that are about to be replaced in a file, durably. */
  keep(file: string, bytes: Uint8Array, suffix: string, why: string): void {
    const to = this.#place(`${path.basename(file)}${suffix}`);
    this.#note(file, to, why);
    this.#write(to, (fd) => { writeFully(fd, bytes, 0, to); });
    syncDirectory(path.dirname(to));
  }

  #copy(file: string, to: string): void {
    const from = openExisting(file, false);
    try {
      this.#write(to, (fd) => {
        const piece = Buffer.alloc(PIECE_BYTES);
        for (let at = 0; ;) {
          const got = readAt(from, piece, at, file);
          if (got === 0) break;
          writeFully(fd, piece.subarray(0, got), at, to);
          at += got;
        }
      });
    } finally {
      closeFile(from);
    }
  }

  #write(to: string, write: (fd: number) => void): void {
    const fd = createExclusive(to, this.access);
    try {
      write(fd);
      syncData(fd, to);
    } finally {
      closeFile(fd);
    }
  }

  #place(name: string): string {
    const directory = (this.#directory ??= this.#makeDirectory());
    for (let n = 0; ; n++) {
      const to = path.join(directory, n === 0 ? name : `${name}.${n}`);
      if (fileStat(to) === undefined) return to;
    }
  }

  #makeDirectory(): string {
    const parent = path.join(this.basePath, STORE_FILES.QUARANTINE, this.feed ?? '.store');
    makeDirectory(parent, this.access);
    const time = new Date(system.wallMs()).toISOString().replaceAll(/[-:]/g, '').replace('.', '');
    for (let n = 1; ; n++) {
      const directory = path.join(parent, `${time}-${n}`);
      if (fileStat(directory) !== undefined) continue;
      makeDirectory(directory, this.access);
      for (const each of [parent, path.dirname(parent), this.basePath]) syncDirectory(each);
      return directory;
    }
  }

  /** Before the file goes: what is found here has a reason. */
  #note(file: string, to: string, why: string): void {
    const inside = path.relative(this.basePath, file);
    this.notes.push({ from: inside.startsWith('..') ? file : inside, name: path.basename(to), why });
    const report = { feed: this.feed, at: new Date(system.wallMs()).toISOString(), files: this.notes };
    replaceFile(path.join(path.dirname(to), 'report.json'), `${JSON.stringify(report, null, 2)}\n`, this.access);
    failpoint('repair.noted');
  }
}

/** A file that was copied; one that was moved is gone already. */
function removeFileOf(file: string): void {
  if (fileStat(file)?.kind === 'file') removeFile(file);
}
