import { reserveAddressSpace } from './mapped-file.js';

/**
 * Memories that are used again. Each takes some 10 GB of a process's address space, guard regions included, so about 13,000
 * of them can exist at once. One that is garbage counts until it is collected, in every thread it was ever posted to, and
 * collection is not prompted by their number: whoever makes many must hand them on himself.
 */
export class MemoryPool {
  readonly #free = new Map<number, WebAssembly.Memory[]>();
  #count = 0;

  /** @param limit Memories that wait to be used again; what is given back beyond that is left to the collector. */
  constructor(readonly limit = 64) {}

  /** A Memory of exactly so many bytes (a multiple of 64 KiB). @throws DeepwaterError DW_LIMIT_EXCEEDED */
  take(bytes: number, purpose: string): WebAssembly.Memory {
    const memory = this.#free.get(bytes)?.pop();
    if (memory === undefined) return reserveAddressSpace(bytes, purpose);
    this.#count -= 1;
    return memory;
  }

  /** Takes a Memory back. Nobody may look at it any more, in no thread; its pages are given back by `releaseMapping` first. */
  give(memory: WebAssembly.Memory): void {
    if (this.#count >= this.limit) return;
    const bytes = memory.buffer.byteLength;
    const free = this.#free.get(bytes);
    if (free === undefined) this.#free.set(bytes, [memory]);
    else free.push(memory);
    this.#count += 1;
  }
}
