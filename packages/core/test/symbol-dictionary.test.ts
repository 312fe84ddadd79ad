import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeepwaterError, SYMBOLS, SYMBOLS_PER_FIELD_MAX, SYMBOL_BYTES_MAX, SymbolDictionary, SymbolDictionaryReader, crc32, replaceSystem, system } from '../dist/index.js';
import { assertProperty } from './schema-arbitraries.js';

const UID = '00112233445566aa';
let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-symbols-'));
  file = path.join(directory, 'symbols.dws');
});
afterEach(() => { fs.rmSync(directory, { recursive: true, force: true }); });

const open = (): SymbolDictionary => SymbolDictionary.openForWriting(file, 'owner', UID);
function write(...texts: readonly string[]): number[] {
  const dictionary = open();
  const coder = dictionary.coder(3);
  const codes = texts.map((text) => coder.code(text));
  dictionary.close();
  return codes;
}
function read(field = 3): string[] {
  const reader = new SymbolDictionaryReader(file, UID);
  reader.reload();
  return reader.texts(field);
}
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error)) return error.code;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('codes', () => {
  test('are the order of appearance, one count a field, and the same after opening again', () => {
    assertProperty(fc.property(fc.array(fc.tuple(fc.nat({ max: 2 }), fc.string({ unit: 'grapheme', maxLength: 12 }))), fc.nat(), (pairs, cut) => {
      fs.rmSync(file, { force: true });
      const model = new Map<number, string[]>();
      const codes: number[] = [];
      const wanted: number[] = [];
      let dictionary = open();
      pairs.forEach(([field, text], i) => {
        if (i === cut % (pairs.length + 1)) {
          dictionary.close();
          dictionary = open();
        }
        const texts = model.get(field) ?? [];
        model.set(field, texts);
        if (!texts.includes(text)) texts.push(text);
        wanted.push(texts.indexOf(text));
        codes.push(dictionary.coder(field).code(text));
        expect(dictionary.coder(field).size).toBe(texts.length);
      });
      dictionary.close();
      expect(codes).toEqual(wanted);
      for (const [field, texts] of model) expect(read(field)).toEqual(texts);
    }), 40);
  });

  test('are on the disk before they are given out', () => {
    const dictionary = open();
    const reader = new SymbolDictionaryReader(file, UID);
    const texts = reader.texts(3);
    for (const text of ['a', 'b', 'c']) {
      const code = dictionary.coder(3).code(text);
      reader.reload();
      expect(texts[code]).toBe(text);
    }
    dictionary.close();
    expect(codeOf(() => dictionary.coder(3).code('d'))).toBe('DW_WRITER_CLOSED');
  });
});

describe('an entry that was not written whole', () => {
  test.each([1, 3, 4, 7, 11])('%i bytes of it: the next one takes its place, whatever was there', (kept) => {
    write('one', 'two');
    const whole = fs.readFileSync(file);
    write('three-long');
    const size = whole.length + kept;
    fs.truncateSync(file, size);
    expect(read()).toEqual(['one', 'two']);
    expect(write('x', 'three-long')).toEqual([2, 3]);
    expect(read()).toEqual(['one', 'two', 'x', 'three-long']);
  });

  test('a size that grew before its bytes came reads as nothing', () => {
    write('one');
    fs.appendFileSync(file, Buffer.alloc(300));
    expect(read()).toEqual(['one']);
    expect(write('two', 'three')).toEqual([1, 2]);
    expect(read()).toEqual(['one', 'two', 'three']);
  });

  test('a file whose header never came is made anew', () => {
    fs.writeFileSync(file, Buffer.alloc(100));
    expect(read()).toEqual([]);
    expect(write('one')).toEqual([0]);
    fs.writeFileSync(file, Buffer.alloc(SYMBOLS.HEADER_BYTES));
    expect(write('other')).toEqual([0]);
    expect(read()).toEqual(['other']);
  });
});

describe('damage', () => {
  test('in an entry that others follow is refused by writers: codes would be given out twice', () => {
    write('one', 'two', 'three', 'four');
    const bytes = fs.readFileSync(file);
    for (let at = SYMBOLS.HEADER_BYTES; at < bytes.length - 12; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x20;
      fs.writeFileSync(file, changed);
      expect(codeOf(open), `byte ${at}`).toBe('DW_FILE_CORRUPT');
    }
  });

  test.each([['the magic', SYMBOLS.MAGIC, 'DW_FILE_CORRUPT'], ['the version', SYMBOLS.VERSION, 'DW_FORMAT_VERSION'], ['the feed', SYMBOLS.FEED_UID, 'DW_FILE_CORRUPT'], ['the checksum', SYMBOLS.IDENTITY_CRC, 'DW_FILE_CORRUPT']])(
    'of %s is an error for both sides', (_, offset, code) => {
      write('one');
      const bytes = fs.readFileSync(file);
      bytes[offset] = (bytes[offset] as number) ^ 1;
      fs.writeFileSync(file, bytes);
      expect(codeOf(open)).toBe(code);
      expect(codeOf(() => read())).toBe(code);
    });

  test('the dictionary of another feed is refused', () => {
    write('one');
    expect(codeOf(() => SymbolDictionary.openForWriting(file, 'owner', 'ffffffffffffffff'))).toBe('DW_FILE_CORRUPT');
  });
});

describe('limits', () => {
  test('of a text', () => {
    const dictionary = open();
    const longest = 'x'.repeat(SYMBOL_BYTES_MAX);
    expect(dictionary.coder(3).code(longest)).toBe(0);
    expect(codeOf(() => dictionary.coder(3).code(`${longest}y`))).toBe('DW_VALUE_RANGE');
    expect(codeOf(() => dictionary.coder(3).code('\ud800'))).toBe('DW_VALUE_RANGE');
    expect(dictionary.coder(3).code('next')).toBe(1);
    dictionary.close();
    expect(read()).toEqual([longest, 'next']);
  });

  test('of a field', () => {
    write('one');
    // As many entries as there may be, put together here: adding them one by one would sync a million times.
    const header = fs.readFileSync(file).subarray(0, SYMBOLS.HEADER_BYTES);
    const entryBytes = SYMBOLS.ENTRY_TEXT + 7 + SYMBOLS.ENTRY_CRC_BYTES;
    const entries = Buffer.alloc(SYMBOLS_PER_FIELD_MAX * entryBytes);
    for (let i = 0, at = 0, last = 0; i < SYMBOLS_PER_FIELD_MAX; i++, at += entryBytes) {
      entries.writeUInt16LE(3, at + SYMBOLS.ENTRY_FIELD);
      entries.writeUInt16LE(7, at + SYMBOLS.ENTRY_LENGTH);
      entries.write(String(i).padStart(7, '0'), at + SYMBOLS.ENTRY_TEXT, 'latin1');
      last = crc32(entries.subarray(at, at + entryBytes - 4), last);
      entries.writeUInt32LE(last, at + entryBytes - 4);
    }
    fs.writeFileSync(file, Buffer.concat([header, entries]));
    const dictionary = open();
    expect(dictionary.coder(3).size).toBe(SYMBOLS_PER_FIELD_MAX);
    expect(dictionary.coder(3).code('0000007')).toBe(7);
    expect(codeOf(() => dictionary.coder(3).code('one too many'))).toBe('DW_LIMIT_EXCEEDED');
    expect(dictionary.coder(4).code('another field')).toBe(0);
    dictionary.close();
  });
});

describe('an entry that could not be synced', () => {
  test('keeps its code: a reader may have found its text', () => {
    write('one');
    const dictionary = open();
    const reader = new SymbolDictionaryReader(file, UID);
    const { fdatasync } = system.files;
    const restore = replaceSystem({ files: { ...system.files, fdatasync() { throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', errno: -5, syscall: 'fdatasync' }); } } });
    try {
      expect(codeOf(() => dictionary.coder(3).code('a long text'))).toBe('DW_SYSTEM_CALL');
      reader.reload();
      expect(codeOf(() => dictionary.coder(4).code('other'))).toBe('DW_SYSTEM_CALL');
    } finally {
      restore();
    }
    expect(system.files.fdatasync).toBe(fdatasync);
    expect([dictionary.coder(3).code('two'), dictionary.coder(4).code('four'), dictionary.coder(3).code('a long text')]).toEqual([2, 0, 1]);
    dictionary.close();
    reader.reload();
    expect(reader.texts(3)).toEqual(['one', 'a long text', 'two']);
    expect(read()).toEqual(['one', 'a long text', 'two']);
  });

  test('by a writer that was killed is synced by the next one', () => {
    write('one');
    let synced = 0;
    const { fdatasync } = system.files;
    const restore = replaceSystem({ files: { ...system.files, fdatasync(fd: number) { synced += 1; fdatasync(fd); } } });
    try {
      const raised: number[] = [];
      SymbolDictionary.openForWriting(file, 'owner', UID, { least: 0, fields: [3], raise: (entries) => { raised.push(entries, synced); } }).close();
      expect(raised).toEqual([1, 1]);
    } finally {
      restore();
    }
  });
});
