/**
 * A disk in memory, with a directory of shared memory beside it, that knows what of it would be left after a power loss: content
 * as of the last fdatasync or of some write-back by the kernel, names as of the last sync of their directory, or later.
 */
import os from 'node:os';
import { Inode, type Pages } from './inode.js';
import type { Random } from './random.js';

/** How names get to the device. */
export type NameRule =
  /** As with a journal: operations in the order in which they were done, and any fsync of something new takes along all before it. */
  | 'ordered'
  /** Nothing but what POSIX says: each directory for itself, each name in its order. */
  | 'each';

/** One operation on names, which happens as a whole: a rename takes a name away and gives another. */
interface NameChange {
  readonly changes: readonly { readonly directory: Inode; readonly name: string; readonly inode: Inode | undefined }[];
}

/** What is on the way to the device. */
export interface PendingSync {
  readonly inode: Inode;
  readonly pages: Pages;
  readonly size: number;
  readonly since: number;
}

const SHARED_MEMORY = '/dev/shm';

export class Disk {
  readonly root: Inode;
  readonly shared: Inode;
  /** Blocks that are left to be given out. */
  freeBlocks = Infinity;
  freeSharedBlocks = Infinity;
  /** Files whose next sync fails. */
  readonly refused = new Set<Inode>();
  #inodes = 0;
  readonly #all: Inode[] = [];
  #steps = 0;
  #names: NameChange[] = [];

  /** @param mount where it is; paths of a disk are found on no other */
  constructor(readonly mount: string, readonly rule: NameRule) {
    this.root = this.#make('directory', false);
    this.shared = this.#make('directory', true);
    this.root.links = this.shared.links = 1;
  }

  /** What stands at a path; undefined where nothing does. */
  find(path: string): Inode | undefined {
    if (path === SHARED_MEMORY) return this.shared;
    if (path === this.mount) return this.root;
    const cut = path.lastIndexOf('/');
    if (cut <= 0) return path === '/dev' || path === '/' ? this.root : undefined;
    return this.find(path.slice(0, cut))?.entries.get(path.slice(cut + 1));
  }

  /** The directory that a path's last name is in. */
  parent(path: string): { directory: Inode; name: string } {
    const cut = path.lastIndexOf('/');
    const directory = this.find(path.slice(0, cut));
    if (directory === undefined) throw failure('ENOENT', 'open');
    if (directory.kind !== 'directory') throw failure('ENOTDIR', 'open');
    return { directory, name: path.slice(cut + 1) };
  }

  create(path: string, kind: 'file' | 'directory', mode: number): Inode {
    const { directory, name } = this.parent(path);
    if (directory.entries.has(name)) throw failure('EEXIST', kind === 'file' ? 'open' : 'mkdir');
    const inode = this.#make(kind, directory.volatile);
    inode.mode = mode;
    this.#change([{ directory, name, inode }]);
    return inode;
  }

  unlink(path: string, kind: 'file' | 'directory'): void {
    const { directory, name } = this.parent(path);
    const inode = directory.entries.get(name);
    if (inode === undefined) throw failure('ENOENT', 'unlink');
    if (inode.kind !== kind) throw failure(kind === 'file' ? 'EISDIR' : 'ENOTDIR', 'unlink');
    if (kind === 'directory' && inode.entries.size > 0) throw failure('ENOTEMPTY', 'rmdir');
    this.#change([{ directory, name, inode: undefined }]);
  }

  rename(from: string, to: string): void {
    const source = this.parent(from);
    const target = this.parent(to);
    const inode = source.directory.entries.get(source.name);
    if (inode === undefined) throw failure('ENOENT', 'rename');
    this.#change([{ ...source, inode: undefined }, { ...target, inode }]);
  }

  link(from: string, to: string): void {
    const inode = this.find(from);
    const target = this.parent(to);
    if (inode === undefined) throw failure('ENOENT', 'link');
    if (target.directory.entries.has(target.name)) throw failure('EEXIST', 'link');
    this.#change([{ ...target, inode }]);
  }

  /** Takes blocks for a range. @returns whether there were enough */
  reserve(inode: Inode, position: number, length: number): boolean {
    const missing: number[] = [];
    for (let page = Math.floor(position / 4096); page * 4096 < position + length; page++) if (!inode.blocks.has(page)) missing.push(page);
    if (missing.length > (inode.volatile ? this.freeSharedBlocks : this.freeBlocks)) return false;
    if (inode.volatile) this.freeSharedBlocks -= missing.length;
    else this.freeBlocks -= missing.length;
    for (const page of missing) inode.blocks.add(page);
    return true;
  }

  punch(inode: Inode, position: number, length: number): void {
    inode.punch(position, length);
    for (let page = Math.ceil(position / 4096); (page + 1) * 4096 <= position + length; page++) {
      if (!inode.blocks.delete(page)) continue;
      if (inode.volatile) this.freeSharedBlocks += 1;
      else this.freeBlocks += 1;
    }
  }

  /** Begins a sync: what it makes durable is what is there now. */
  beginSync(inode: Inode): PendingSync {
    return { inode, pages: inode.volatile ? new Map() : inode.dirtyContent(), size: inode.size, since: ++this.#steps };
  }

  /** Ends it. @throws an error as of node:fs, with EIO, where the device refuses */
  endSync({ inode, pages, size, since }: PendingSync): void {
    if (inode.volatile) return;
    if (inode.kind === 'directory') {
      this.#syncNames(inode);
      return;
    }
    if (this.refused.delete(inode)) {
      inode.giveUp();
      throw failure('EIO', 'fdatasync');
    }
    if (this.rule === 'ordered' && (size !== inode.durableSize || this.#isNew(inode))) this.#applyNames(this.#names.length);
    inode.makeDurable(pages, size, since, ++this.#steps);
  }

  /** The kernel writes something back by itself: a page of a file, or some names. */
  writeBack(random: Random): void {
    if (this.#names.length > 0 && random.chance(0.2)) {
      if (this.rule === 'ordered') this.#applyNames(random.between(1, this.#names.length));
      else this.#syncNames(random.pick(random.pick(this.#names).changes).directory);
      return;
    }
    const files = this.files();
    if (files.length === 0) return;
    const file = random.pick(files);
    const dirty = file.dirtyPages();
    for (let count = random.chance(0.3) ? dirty.length : 1; count > 0 && dirty.length > 0; count--) {
      file.writeBack(dirty.splice(random.below(dirty.length), 1)[0] as number, ++this.#steps);
    }
    if (random.chance(0.3)) file.durableSize = file.size;
  }

  /** The files that have a name, not those in shared memory. */
  files(directory: Inode = this.root): Inode[] {
    const found: Inode[] = [];
    for (const inode of directory.entries.values()) {
      if (inode.kind === 'file') found.push(inode);
      else found.push(...this.files(inode));
    }
    return found;
  }

  /** The disk that the machine finds when the power is back. This one goes on as if nothing had been. */
  afterPowerLoss(mount: string, random: Random): Disk {
    // Sometimes nothing has gone there but what was asked for, sometimes nearly everything.
    const newer = random.pick([0, 0.1, 0.5, 0.9, 1]);
    const torn = random.pick([0, 0, 0.1, 0.5]);
    const after = new Disk(mount, this.rule);
    const made = new Map<Inode, Inode>();
    const copy = (from: Inode): Inode => {
      const known = made.get(from);
      if (known !== undefined) return known;
      const inode = after.#make(from.kind, false);
      inode.mode = from.mode;
      made.set(from, inode);
      if (from.kind === 'file') from.afterPowerLoss(inode, random, newer, torn);
      return inode;
    };
    const kept = this.#keptNames(random, newer);
    const fill = (from: Inode, into: Inode): void => {
      const names = new Map(from.durableEntries);
      for (const { directory, name, inode } of kept) {
        if (directory !== from) continue;
        if (inode === undefined) names.delete(name);
        else names.set(name, inode);
      }
      for (const [name, inode] of names) {
        const copied = copy(inode);
        copied.links += 1;
        into.entries.set(name, copied);
        into.durableEntries.set(name, copied);
        if (inode.kind === 'directory' && copied.links === 1) fill(inode, copied);
      }
    };
    fill(this.root, after.root);
    return after;
  }

  /** Gives all memory back. Nobody may look at its files any more. */
  free(): void {
    for (const inode of this.#all) inode.free();
    this.#all.length = 0;
  }

  /** Which of the operations on names that nobody has asked to make durable are so all the same. */
  #keptNames(random: Random, newer: number): NameChange['changes'][number][] {
    if (this.rule === 'ordered') {
      const count = newer === 0 ? 0 : newer === 1 ? this.#names.length : random.below(this.#names.length + 1);
      return this.#names.slice(0, count).flatMap(({ changes }) => changes);
    }
    const kept: NameChange['changes'][number][] = [];
    const behind = new Map<Inode, Set<string>>();
    for (const { changes } of this.#names) {
      const late = changes.some(({ directory, name }) => behind.get(directory)?.has(name) === true);
      if (!late && random.chance(newer)) kept.push(...changes);
      else for (const { directory, name } of changes) addTo(behind, directory, name);
    }
    return kept;
  }

  #make(kind: 'file' | 'directory', volatile: boolean): Inode {
    const inode = new Inode(++this.#inodes, kind, volatile);
    this.#all.push(inode);
    return inode;
  }

  #change(changes: NameChange['changes']): void {
    for (const { directory, name, inode } of changes) {
      const before = directory.entries.get(name);
      if (before !== undefined && before !== inode) {
        before.links -= 1;
        this.released(before);
      }
      if (inode === undefined) directory.entries.delete(name);
      else directory.entries.set(name, inode);
    }
    for (const { inode } of changes) if (inode !== undefined) inode.links = 1;
    if (!(changes[0] as NameChange['changes'][number]).directory.volatile) this.#names.push({ changes });
  }

  /** Gives the blocks of a file back that has neither a name nor a descriptor. */
  released(inode: Inode): void {
    if (inode.links > 0 || inode.opened > 0 || inode.kind !== 'file') return;
    if (inode.volatile) this.freeSharedBlocks += inode.blocks.size;
    else this.freeBlocks += inode.blocks.size;
    inode.blocks.clear();
  }

  #isNew(inode: Inode): boolean {
    return this.#names.some(({ changes }) => changes.some((change) => change.inode === inode));
  }

  #applyNames(count: number): void {
    for (const { changes } of this.#names.splice(0, count)) this.#apply(changes);
  }

  #apply(changes: NameChange['changes']): void {
    for (const { directory, name, inode } of changes) {
      if (inode === undefined) directory.durableEntries.delete(name);
      else directory.durableEntries.set(name, inode);
    }
  }

  /** Makes the names of a directory durable; with the rule 'each' no others, but for what has to come before them. */
  #syncNames(directory: Inode): void {
    if (this.rule === 'ordered') {
      this.#applyNames(this.#names.length);
      return;
    }
    const needed = new Map<Inode, Set<string>>();
    const wanted = new Set<NameChange>();
    for (const change of this.#names.toReversed()) {
      const asked = change.changes.some((part) => part.directory === directory || needed.get(part.directory)?.has(part.name) === true);
      if (!asked) continue;
      wanted.add(change);
      for (const part of change.changes) addTo(needed, part.directory, part.name);
    }
    for (const change of this.#names) if (wanted.has(change)) this.#apply(change.changes);
    this.#names = this.#names.filter((change) => !wanted.has(change));
  }
}

function addTo(map: Map<Inode, Set<string>>, directory: Inode, name: string): void {
  const names = map.get(directory);
  if (names === undefined) map.set(directory, new Set([name]));
  else names.add(name);
}

/** An error as `node:fs` throws it. */
export function failure(code: keyof typeof os.constants.errno, syscall: string): NodeJS.ErrnoException {
  // Many are thrown in a run, and nobody asks from where.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: simulated, ${syscall}`), { code, errno: -os.constants.errno[code], syscall });
  Error.stackTraceLimit = limit;
  return error;
}
