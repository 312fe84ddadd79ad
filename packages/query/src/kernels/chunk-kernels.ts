/** The functions of assembly/ over the columns of one chunk, in place. */
import { KERNELS_WASM_BASE64 } from '../generated/kernels.js';
import type { ScanKernels } from './scan-kernels.js';

/** Anonymous bytes behind each chunk that kernels put their results in. Pages that are not touched take no memory. */
export const KERNEL_SCRATCH_BYTES = 256 * 1024;

/** Addresses are bytes from the start of the chunk's mapping. */
export interface ChunkKernels extends ScanKernels {
  /** See merge/loser-tree.ts: these run over a memory of the merge. */
  mergeKeys(at: number, n: number, base: bigint, factor: number, rest: number, limit: bigint, signed: number, arrival: number, greatest: number, feed: number): number;
  mergeRows(at: number, n: number, first: number): void;
  mergePack(at: number, n: number, feed: number): void;
  mergePlaces(source: number, row: number, n: number, places: number, counts: number, firsts: number, scattered: number): void;
  mergeSettle(state: number, feed: number): void;
  mergeRun(state: number): number;
  /** Time bars over rows in order (assembly/bars.ts says which parameter is what). */
  timeBars(
    times: number, prices: number, sizes: number, sides: number, signs: number, runs: number, runCount: number,
    origin: bigint, width: bigint, close: bigint, bars: number, room: number, under: number, out: number,
  ): void;
  /** The same with exact numbers (assembly/bars-exact.ts). */
  timeBarsExact(
    times: number, prices: number, priceKind: number, sizes: number, sizeKind: number, sides: number, signs: number, runs: number, runCount: number,
    origin: bigint, width: bigint, close: bigint, bars: number, room: number, under: number, out: number,
  ): void;
}

let compiled: WebAssembly.Module | undefined;

/** Instantiates the kernels on a chunk's memory; compiled once a thread. */
export function chunkKernels(memory: WebAssembly.Memory): ChunkKernels {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as ChunkKernels;
}
