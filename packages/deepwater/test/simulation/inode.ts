/** A file or directory of the simulated disk: as it is in memory (the page cache), and as it is on the device. */
import type { Random } from './random.js';

export const PAGE = 4096;
const SECTOR = 512;
const SECTION = 65536;
const MEMORY_SECTIONS_MAX = 4096;
const ZEROS = new Uint8Array(PAGE);

/**
 * Memories of disks that are gone, by the size of the files that were in them, zeros again so far. Each takes 10 GB of address
 * space, so they are used again.
 */
const spare = new Map<number, WebAssembly.Memory[]>();

/** Contents of pages at one moment, by number. */
export type Pages = Map<number, Uint8Array>;

export class Inode {
  size = 0;
  /** What the device has: the size, and the pages that are not all zeros. */
  durableSize = 0;
  readonly durable: Pages = new Map();
  /** Names in a directory, now and on the device. */
  readonly entries = new Map<string, Inode>();
  readonly durableEntries = new Map<string, Inode>();
  /** Names that it has now; descriptors that are open. */
  links = 0;
  opened = 0;
  /** Pages that the file system has room for, reserved or written. */
  readonly blocks = new Set<number>();
  mode = 0o600;
  /** Pages written with write(2), or punched, since they were last made durable. */
  readonly #written = new Set<number>();
  /** Pages that the kernel took for written although the device had refused them, as they were then. */
  readonly #givenUp: Pages = new Map();
  /** When a page last went to the device, counted in steps of the disk. */
  readonly #wentAt = new Map<number, number>();
  /** Pages that may hold something, besides those that are mapped. */
  readonly #used = new Set<number>();
  #bytes: Uint8Array = new Uint8Array(0);
  #memory: WebAssembly.Memory | undefined;
  /** Bytes of the memory that are the file's, at first and now; scratch space lies behind them. */
  #spanAtFirst = 0;
  #span = 0;
  /** Pages below this number can be changed through mappings. */
  #mappedPages = 0;
  readonly #scratch = new Map<string, { readonly offset: number; readonly bytes: number }>();

  constructor(
    readonly number: number,
    readonly kind: 'file' | 'directory',
    /** In shared memory: gone with the power. */
    readonly volatile: boolean,
  ) {}

  /** The content, at least up to `size`, now. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether anybody could see it through a mapping. */
  get mapped(): boolean {
    return this.#mappedPages > 0;
  }

  read(into: Uint8Array, from: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    into.set(this.#bytes.subarray(position, position + count), from);
    return count;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#fit(position + bytes.length);
    this.#bytes.set(bytes, position);
    this.touch(position, bytes.length);
    if (position + bytes.length > this.size) this.size = position + bytes.length;
  }

  /** Sets the size; what is cut off reads as zeros if it comes back. */
  resize(size: number): void {
    this.#fit(size);
    if (size < this.size) {
      this.#bytes.fill(0, size, this.size);
      this.touch(size, this.size - size);
    }
    this.size = size;
  }

  punch(position: number, length: number): void {
    const end = Math.min(position + length, this.#bytes.length);
    if (end <= position) return;
    this.#bytes.fill(0, position, end);
    this.touch(position, end - position);
  }

  /** Notes that a range differs from what the device has. */
  touch(position: number, length: number): void {
    for (let page = Math.floor(position / PAGE); page * PAGE < position + length; page++) {
      this.#written.add(page);
      this.#used.add(page);
    }
  }

  /** Memory over the file's bytes, with scratch space that belongs to this kind of mapping alone. */
  map(length: number, scratchBytes: number, kind: string, writable: boolean): { memory: WebAssembly.Memory; scratchOffset: number } {
    const span = Math.ceil(Math.max(length, this.size) / SECTION) * SECTION;
    let scratch = this.#scratch.get(kind);
    if (scratchBytes > 0 && (scratch === undefined || scratch.bytes < scratchBytes)) {
      let offset = span;
      for (const other of this.#scratch.values()) offset = Math.max(offset, other.offset + other.bytes);
      scratch = { offset, bytes: Math.ceil(scratchBytes / SECTION) * SECTION };
      this.#scratch.set(kind, scratch);
    }
    this.#useMemory(span);
    if (scratch !== undefined) this.#fit(scratch.offset + scratch.bytes);
    if (writable) this.#mappedPages = Math.max(this.#mappedPages, Math.ceil(length / PAGE));
    return { memory: this.#memory as WebAssembly.Memory, scratchOffset: scratch?.offset ?? span };
  }

  /** Everything that the file holds now, to be put back by `restore`. */
  snapshot(): Uint8Array {
    return this.#bytes.slice(0, this.size);
  }

  restore(content: Uint8Array): void {
    this.#bytes.set(content);
  }

  /** Pages whose content the device does not have. */
  dirtyPages(): number[] {
    const found: number[] = [];
    for (let page = 0; page < this.#mappedPages; page++) if (!this.#clean(page)) found.push(page);
    for (const page of this.#written) {
      if (page < this.#mappedPages) continue;
      if (this.#clean(page)) this.#written.delete(page);
      else found.push(page);
    }
    return found;
  }

  /** The dirty pages as they are now. */
  dirtyContent(): Pages {
    return new Map(this.dirtyPages().map((page) => [page, this.#page(page).slice()]));
  }

  /** Puts pages on the device as they were at `since`, but for those that went there later. */
  makeDurable(pages: Pages, size: number, since: number, now: number): void {
    for (const [page, content] of pages) {
      if ((this.#wentAt.get(page) ?? -1) > since) continue;
      this.#put(page, content, now);
    }
    this.durableSize = Math.max(this.durableSize, size);
    if (this.durableSize > this.size) this.durableSize = this.size;
  }

  /** The kernel writes a page back by itself. */
  writeBack(page: number, now: number): void {
    this.#put(page, this.#page(page).slice(), now);
  }

  /** The device refuses: the kernel says so once, and takes the pages for written from then on. */
  giveUp(): void {
    for (const [page, content] of this.dirtyContent()) this.#givenUp.set(page, content);
  }

  /** The file as the machine finds it after a power loss: of each dirty page the old or the new, or sectors of both. */
  afterPowerLoss(into: Inode, random: Random, newer: number, torn: number): void {
    const size = this.size !== this.durableSize && random.chance(newer) ? this.size : this.durableSize;
    into.size = size;
    into.durableSize = size;
    into.mode = this.mode;
    if (this.#memory !== undefined && this.#scratch.size > 0) into.#useMemory(this.#span);
    for (const [page, content] of this.durable) into.#install(page, content);
    for (const page of this.dirtyPages()) {
      if (this.#givenUp.get(page) !== undefined && equal(this.#givenUp.get(page) as Uint8Array, this.#page(page))) continue;
      if (random.chance(torn)) into.#install(page, mixed(this.durable.get(page) ?? ZEROS, this.#page(page), random));
      else if (random.chance(newer)) into.#install(page, this.#page(page).slice());
    }
    for (const page of this.blocks) into.blocks.add(page);
  }

  /** Gives the memory back. Nobody may look at it any more. */
  free(): void {
    if (this.#memory !== undefined) {
      this.#bytes.fill(0, 0, this.#mappedPages * PAGE);
      for (const page of this.#used) this.#bytes.fill(0, page * PAGE, (page + 1) * PAGE);
      const others = spare.get(this.#spanAtFirst);
      if (others === undefined) spare.set(this.#spanAtFirst, [this.#memory]);
      else others.push(this.#memory);
    }
    this.#memory = undefined;
    this.#bytes = ZEROS.subarray(0, 0);
  }

  #put(page: number, content: Uint8Array, now: number): void {
    this.durable.set(page, content);
    this.#wentAt.set(page, now);
  }

  #install(page: number, content: Uint8Array): void {
    const end = Math.min(PAGE, Math.max(0, this.size - page * PAGE));
    if (end === 0) return;
    this.#fit(page * PAGE + PAGE);
    this.#bytes.set(content.subarray(0, end), page * PAGE);
    this.durable.set(page, this.#page(page).slice());
    this.#used.add(page);
  }

  #page(page: number): Uint8Array {
    const at = page * PAGE;
    if (at + PAGE <= this.#bytes.length) return this.#bytes.subarray(at, at + PAGE);
    const whole = new Uint8Array(PAGE);
    whole.set(this.#bytes.subarray(at));
    return whole;
  }

  #clean(page: number): boolean {
    const now = this.#page(page);
    if (equal(this.durable.get(page) ?? ZEROS, now)) return true;
    const refused = this.#givenUp.get(page);
    return refused !== undefined && equal(refused, now);
  }

  /** Sees to room for so many bytes; in a Memory, once there is one, which then stays where it is. */
  #fit(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    if (this.#memory === undefined) {
      const larger = new Uint8Array(Math.max(256, bytes, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      return;
    }
    this.#memory.grow(Math.ceil(bytes / SECTION) - this.#memory.buffer.byteLength / SECTION);
    this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** Puts the content into a Memory, with this much room for the file before scratch space begins. */
  #useMemory(span: number): void {
    if (this.#memory === undefined) {
      const before = this.#bytes;
      this.#memory = spare.get(span)?.pop() ?? new WebAssembly.Memory({ shared: true, initial: span / SECTION, maximum: MEMORY_SECTIONS_MAX });
      this.#spanAtFirst = this.#span = span;
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#bytes.set(before.subarray(0, Math.min(before.length, span)));
    } else if (span > this.#span) {
      this.#fit(span);
      this.#bytes.fill(0, this.#span, span);
      this.#span = span;
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Sectors of the one or the other. */
function mixed(old: Uint8Array, now: Uint8Array, random: Random): Uint8Array {
  const page = old.slice();
  const bits = random.word();
  for (let sector = 0; sector < PAGE / SECTOR; sector++) {
    if ((bits & (1 << sector)) !== 0) page.set(now.subarray(sector * SECTOR, (sector + 1) * SECTOR), sector * SECTOR);
  }
  return page;
}
