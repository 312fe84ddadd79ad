import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Clock, crc32, getHex, getText, getU64, highWord, joinWords, lowWord, putHex, putText, putU64, readClock, readClockRanges,
  writeClock, writeClockRanges,
} from '../dist/index.js';
import { assertProperty } from './schema-arbitraries.js';

const viewOf = (bytes: number): DataView => new DataView(new SharedArrayBuffer(bytes));
const edges = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER];
const numbers = fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges));

describe('64-bit integers', () => {
  test('are little-endian in files, at any place, and come back', () => {
    assertProperty(fc.property(numbers, fc.nat(8), (value, at) => {
      const view = viewOf(16);
      putU64(view, at, value);
      expect(view.getBigUint64(at, true)).toBe(BigInt(value));
      expect(getU64(view, at)).toBe(value);
    }));
  });

  test('split into words and joined are the same', () => {
    assertProperty(fc.property(numbers, (value) => {
      const [low, high] = [lowWord(value), highWord(value)];
      expect([low, high]).toEqual([low | 0, high | 0]);
      expect(joinWords(low, high)).toBe(value);
      expect(BigInt.asUintN(32, BigInt(low)) + (BigInt.asUintN(32, BigInt(high)) << 32n)).toBe(BigInt(value));
    }));
  });
});

describe('ids', () => {
  test('are hex digits in JavaScript and bytes in files, at any place', () => {
    assertProperty(fc.property(fc.uint8Array({ minLength: 1, maxLength: 32 }), fc.nat(7), (bytes, at) => {
      const view = viewOf(48);
      const hex = Buffer.from(bytes).toString('hex');
      putHex(view, at, bytes.length, hex);
      expect(getHex(view, at, bytes.length)).toBe(hex);
      expect([...new Uint8Array(view.buffer, at, bytes.length)]).toEqual([...bytes]);
    }));
  });

  test('that are short are filled up with zeros, and nothing else is touched', () => {
    const view = viewOf(8);
    new Uint8Array(view.buffer).fill(255);
    putHex(view, 2, 4, 'abcd');
    expect(getHex(view, 0, 8)).toBe('ffffabcd0000ffff');
  });
});

describe('texts', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((each) => !each.includes('\0'));

  test('that fit come back, and nothing else is touched', () => {
    assertProperty(fc.property(text, (written) => {
      const length = Buffer.byteLength(written);
      const view = viewOf(length + 4);
      new Uint8Array(view.buffer).fill(255);
      putText(view, 2, length, written);
      expect(getText(view, 2, length)).toBe(Buffer.from(written).toString());
      const bytes = new Uint8Array(view.buffer);
      expect([bytes[0], bytes[1], bytes[length + 2], bytes[length + 3]]).toEqual([255, 255, 255, 255]);
    }));
  });

  test('that are shorter take the place of longer ones whole; longer ones are cut', () => {
    const view = viewOf(8);
    putText(view, 0, 8, 'abcdefgh');
    putText(view, 0, 8, 'xy');
    expect(getText(view, 0, 8)).toBe('xy');
    putText(view, 0, 4, 'longer');
    expect(getText(view, 0, 8)).toBe('long');
  });
});

describe('clocks', () => {
  const clocks = (signed: readonly boolean[]): Clock[] => signed.map((each, i) => ({ fieldIndex: i, name: `c${i}`, unit: 'ns', signed: each }));

  test('times come back, signed or not, over the whole range of 64 bits', () => {
    assertProperty(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.boolean(), (bits, signed) => {
      const view = viewOf(16);
      const [clock] = clocks([signed]);
      const time = signed ? BigInt.asIntN(64, bits) : bits;
      writeClock(view, 3, clock, time);
      expect(readClock(view, 3, clock)).toBe(time);
      expect(view.getBigUint64(3, true)).toBe(bits);
    }));
  });

  test('ranges of up to 8 clocks come back', () => {
    assertProperty(fc.property(fc.array(fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })), { maxLength: 8 }), (each) => {
      const view = viewOf(256);
      const of = clocks(each.map(([signed]) => signed));
      const ranges = each.map(([signed, a, b]) => ({ min: signed ? -a : a, max: b }));
      writeClockRanges(view, 64, of, ranges);
      expect(readClockRanges(view, 64, of)).toEqual(ranges);
    }));
  });
});

describe('checksums', () => {
  test('are the CRC-32 of zip: the check value of the standard', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  test('of parts, one continued from the other, are that of the whole; shared memory is taken', () => {
    assertProperty(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      expect(crc32(shared.subarray(cut), crc32(shared.subarray(0, cut)))).toBe(zlib.crc32(Buffer.from(bytes)));
    }));
  });

  test('any one changed byte of a long text changes it', () => {
    const bytes = createHash('sha512').update('x').digest();
    const whole = crc32(bytes);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] ^= 1 << (i & 7);
      expect(crc32(changed)).not.toBe(whole);
    }
  });
});
