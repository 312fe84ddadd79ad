import type { MappedFile } from './mapped-file.js';
import { releaseMapping } from './mapped-file.js';
import { MemoryPool } from './memory-pool.js';

interface Entry {
  readonly mapped: MappedFile;
  pins: number;
  /** To be let go of with the last pin. */
  unwanted: boolean;
}

/**
 * The mappings the engine reads through, kept by file. At most `limit` stay (a process can hold about 13,000 before the
 * kernel refuses); the least recently used go first, at once, by having anonymous pages put over them. A mapping that
 * is pinned by a running scan stays. Views of these mappings are never handed to users.
 *
 * One per thread: the cache is plain state, and a thread scans synchronously between pins.
 */
export class EngineMappings {
  readonly #entries = new Map<string, Entry>();
  readonly #pool = new MemoryPool();

  constructor(readonly limit = 1000) {}

  get size(): number {
    return this.#entries.size;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /** The mapping of `path`, made by `open` on a miss (with address space from the pool it is given), pinned until `unpin`. */
  pin(path: string, open: (pool: MemoryPool) => MappedFile): MappedFile {
    let entry = this.#entries.get(path);
    if (entry === undefined) {
      entry = { mapped: open(this.#pool), pins: 0, unwanted: false };
    } else {
      this.#entries.delete(path);
    }
    entry.pins += 1;
    this.#entries.set(path, entry); // last in the Map's order = most recently used
    if (this.#entries.size > this.limit) this.#evict();
    return entry.mapped;
  }

  unpin(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined || entry.pins === 0) return;
    entry.pins -= 1;
    if (entry.unwanted && entry.pins === 0) this.#release(path, entry);
  }

  /** Lets go of one file; where scans use it, as soon as the last one is done: a deleted file keeps its disk space until then. */
  drop(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined) return;
    if (entry.pins > 0) entry.unwanted = true;
    else this.#release(path, entry);
  }

  /** Lets go of every file, as `drop` does. */
  clear(): void {
    for (const path of [...this.#entries.keys()]) this.drop(path);
  }

  #evict(): void {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= this.limit) return;
      if (entry.pins > 0) continue;
      this.#release(path, entry);
    }
  }

  #release(path: string, { mapped }: Entry): void {
    this.#entries.delete(path);
    if (releaseMapping(mapped)) this.#pool.give(mapped.memory);
  }
}
