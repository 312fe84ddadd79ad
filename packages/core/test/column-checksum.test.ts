import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import xxhash from 'xxhash-wasm';
import { checksumOver, columnChecksum } from '@deepwater/core';
import { SEED } from '../../../test/support/seed.js';

console.log(`column checksum: seed ${SEED}`);
const { h64Raw } = await xxhash();
const low = (bytes: Uint8Array): number => Number(BigInt.asUintN(32, h64Raw(bytes)));

describe('the checksum of a column', () => {
  test('is the low half of XXH64, as its author publishes it', () => {
    expect(columnChecksum(new Uint8Array(0))).toBe(0x51d8e999);
    expect(columnChecksum(Buffer.from('a'))).toBe(0xa98c6e5b);
    expect(columnChecksum(Buffer.from('abc'))).toBe(0xad770999);
  });

  test('is that of another implementation for bytes of every length', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + length) & 255);
      expect(columnChecksum(bytes)).toBe(low(bytes));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300_000, size: 'max' }), (bytes) => {
      expect(columnChecksum(bytes)).toBe(low(bytes));
    }), { seed: SEED, numRuns: 60 });
  });

  test('is the same over a memory in place, wherever the bytes begin, and writes nothing there', () => {
    const memory = new WebAssembly.Memory({ shared: true, initial: 2, maximum: 2 });
    const all = new Uint8Array(memory.buffer);
    for (let i = 0; i < all.length; i++) all[i] = (i * 31) >>> 3;
    const before = all.slice();
    const checksum = checksumOver(memory);
    for (const [at, length] of [[0, 131072], [1, 131071], [4095, 4097], [131072, 0], [77, 24]] as const) {
      expect(checksum(at, length)).toBe(low(before.subarray(at, at + length)));
    }
    expect(all).toEqual(before);
  });

  test('changes with every bit of a block', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const seen = new Set([columnChecksum(bytes)]);
    for (let bit = 0; bit < 800; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      seen.add(columnChecksum(changed));
    }
    expect(seen.size).toBe(801);
  });
});
