import zlib from 'node:zlib';

/** CRC-32 (IEEE 802.3, the one of zip and zlib) of some bytes, or continued from `seed`. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  return zlib.crc32(bytes, seed);
}
