/**
 * The checksum of a column's cells: the low 32 bits of XXH64 with seed 0 (https://github.com/Cyan4973/xxHash), several times
 * as fast as CRC-32. It is computed where the cells lie, by a WebAssembly kernel (assembly/kernels.ts).
 */
import { KERNELS_WASM_BASE64 } from '../generated/kernels.js';

/** Checksum of `length` bytes of one memory, from byte `at` on. */
export type ChecksumOver = (at: number, length: number) => number;

let compiled: WebAssembly.Module | undefined;

/** The checksum over a Memory, in place. Compiled once a thread. */
export function checksumOver(memory: WebAssembly.Memory): ChecksumOver {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_WASM_BASE64, 'base64'));
  const { xxh64Low } = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as { xxh64Low: ChecksumOver };
  return (at, length) => xxh64Low(at, length) >>> 0;
}

const PAGE_BYTES = 65536;
let own: { readonly memory: WebAssembly.Memory; readonly checksum: ChecksumOver } | undefined;

/** The checksum of any bytes. They are copied: for those who look at few of them, such as recovery. */
export function columnChecksum(bytes: Uint8Array): number {
  if (own === undefined) {
    const memory = new WebAssembly.Memory({ shared: true, initial: 1, maximum: PAGE_BYTES });
    own = { memory, checksum: checksumOver(memory) };
  }
  const missing = bytes.length - own.memory.buffer.byteLength;
  if (missing > 0) own.memory.grow(Math.ceil(missing / PAGE_BYTES));
  new Uint8Array(own.memory.buffer).set(bytes);
  return own.checksum(0, bytes.length);
}
