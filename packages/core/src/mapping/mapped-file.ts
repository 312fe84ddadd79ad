/**
 * A file mapped under a SharedArrayBuffer.
 *
 * `new WebAssembly.Memory({ shared: true })` reserves page-aligned address space that V8 sees as one SharedArrayBuffer.
 * `mmap(2)` with MAP_FIXED on that address puts the pages of a file there. From then on every typed array over the
 * buffer is a view of the file, in every thread the buffer (or the Memory) is posted to. When the last reference to
 * the Memory is collected, in whatever thread, V8 unmaps the range and the mapping goes with it.
 *
 * The pages behind the end of the file are anonymous: kernels use them as scratch space (see `scratchBytes`).
 */
import { DeepwaterError } from '../errors/index.js';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from './libc.js';
import { libc, system } from './system.js';
import type { MemoryPool } from './memory-pool.js';
import { lastSystemError } from './system-error.js';

/** WebAssembly's page: the grain of a Memory, and the alignment of sections in our files. */
export const SECTION_BYTES = 65536;
/** The grain of mmap on the processors in use. */
export const PAGE_BYTES = 4096;
/** A Memory with 32-bit addresses ends here. */
export const MAPPING_BYTES_MAX = 4 * 1024 ** 3 - SECTION_BYTES;

export const alignUp = (value: number, grain: number): number => Math.ceil(value / grain) * grain;

export type MapMode =
  /** Stores go to the file; every process sees them. */
  | 'shared'
  /** The file as it is and becomes; a store would be a fault. */
  | 'read-only'
  /** Stores stay in this mapping: whoever sorts a column hurts only himself. */
  | 'private';

export interface MapOptions {
  readonly path: string;
  readonly offset?: number;
  readonly length: number;
  readonly mode: MapMode;
  /** Anonymous bytes wanted behind the file's, for kernels. */
  readonly scratchBytes?: number;
  /** Where the address space comes from; without it, it is new. */
  readonly pool?: MemoryPool;
}

export interface MappedFile {
  /** The Memory that owns the range: post this, or its buffer, to other threads. */
  readonly memory: WebAssembly.Memory;
  readonly buffer: SharedArrayBuffer;
  /** Bytes of the file in the mapping; the buffer is longer, up to the next section and the scratch space. */
  readonly fileBytes: number;
  /** Where the scratch space begins in the buffer. */
  readonly scratchOffset: number;
}

/** Maps a range of an open file. The descriptor may be closed afterwards. @throws DeepwaterError DW_SYSTEM_CALL */
export function mapFile(fd: number, options: MapOptions): MappedFile {
  const { path, length, mode } = options;
  const offset = options.offset ?? 0;
  const scratchOffset = alignUp(length, SECTION_BYTES);
  const total = scratchOffset + alignUp(options.scratchBytes ?? 0, SECTION_BYTES);
  if (!(length > 0) || total > MAPPING_BYTES_MAX || offset % PAGE_BYTES !== 0) {
    throw new DeepwaterError(
      'DW_LIMIT_EXCEEDED',
      `Cannot map ${length} bytes at offset ${offset} of ${path}: a mapping holds 1 to ${MAPPING_BYTES_MAX} bytes from a page border. Use smaller chunks.`,
      { values: { path, length, offset, limit: MAPPING_BYTES_MAX } },
    );
  }
  if (system.mapping !== undefined) return system.mapping.map(fd, options);
  const memory = options.pool?.take(total, path) ?? reserveAddressSpace(total, path);
  const view = new Uint8Array(memory.buffer);
  placeFile(view, 0, fd, offset, length, mode, path);
  return { memory, buffer: memory.buffer as unknown as SharedArrayBuffer, fileBytes: length, scratchOffset };
}

/** Anonymous address space of at least `bytes`, as a shared Memory. */
export function reserveAddressSpace(bytes: number, purpose: string): WebAssembly.Memory {
  const pages = Math.ceil(bytes / SECTION_BYTES);
  try {
    return new WebAssembly.Memory({ shared: true, initial: pages, maximum: pages });
  } catch (cause) {
    throw new DeepwaterError(
      'DW_LIMIT_EXCEEDED',
      `No address space left to map ${bytes} bytes for ${purpose}. Release results that are no longer used, or raise vm.max_map_count.`,
      { values: { bytes, purpose }, cause },
    );
  }
}

/** Puts a range of a file over a page-aligned part of a buffer. */
export function placeFile(
  view: Uint8Array, at: number, fd: number, offset: number, length: number, mode: MapMode, path: string,
): void {
  if (system.mapping !== undefined) {
    system.mapping.place(view, at, fd, offset, length);
    return;
  }
  const prot = mode === 'read-only' ? PROT_READ : PROT_READ | PROT_WRITE;
  const flags = (mode === 'private' ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED) | MAP_FIXED;
  const target = view.subarray(at, at + length);
  if (Number(libc().mmap(target, length, prot, flags, fd, offset)) === -1) throw lastSystemError('mmap', path);
}

/**
 * Lets go of the file at once: anonymous pages take its place, so a view that was kept reads zeros and never faults.
 * Only for mappings that users never see.
 * @returns whether the Memory may be used again. Not where the kernel refuses: the file stays mapped until the Memory is collected; nor one of a simulated
 * disk, whose mappings of a file all lie in the same
 */
export function releaseMapping(mapped: MappedFile): boolean {
  if (system.mapping !== undefined) {
    system.mapping.release(mapped);
    return false;
  }
  const view = new Uint8Array(mapped.buffer);
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  const length = alignUp(mapped.fileBytes, PAGE_BYTES);
  return Number(libc().mmap(view, length, PROT_READ | PROT_WRITE, flags, -1, 0)) !== -1;
}

/** Pages that `isResident` asks about at once. */
const PAGES_ASKED_MAX = 4096;
const pages = new Uint8Array(PAGES_ASKED_MAX);

/**
 * Whether a range of a mapping is in memory, so that looking at it does not wait for the disk; a moment later it may be otherwise. Of files that
 * the process may neither write nor owns the kernel says so in any case (mincore(2)). A range of more than 16 MiB counts as not in memory.
 */
export function isResident(buffer: ArrayBufferLike, offset: number, length: number): boolean {
  if (length <= 0) return true;
  const from = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES;
  const bytes = alignUp(offset + length, PAGE_BYTES) - from;
  const count = bytes / PAGE_BYTES;
  if (count > PAGES_ASKED_MAX || libc().mincore(new Uint8Array(buffer, from), bytes, pages) !== 0) return false;
  for (let page = 0; page < count; page++) if (((pages[page] as number) & 1) === 0) return false;
  return true;
}

/** Tells the kernel how a range of a mapping will be used (`MADV_*`). Advice only: a refusal is not an error. */
export function advise(mapped: MappedFile, offset: number, length: number, advice: number): void {
  const from = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES;
  if (length <= 0 || from >= mapped.fileBytes) return;
  const end = Math.min(alignUp(offset + length, PAGE_BYTES), alignUp(mapped.fileBytes, PAGE_BYTES));
  libc().madvise(new Uint8Array(mapped.buffer, from), end - from, advice);
}
