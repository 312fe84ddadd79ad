import fs from 'node:fs';
import path from 'node:path';
import { SYMBOLS, feedPaths, symbolEntryLength } from '@deepwater/core';
import { DeepwaterError, type Platform, repairStore } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { openPlatform, temporaryDirectory } from './support.js';

const FEED = 'orders';
const SPEC = {
  name: FEED,
  fields: [{ name: 'side', type: 'symbol' }, { name: 'venue', type: 'symbol' }, { name: 'ts', type: 'uint64', as: 'number' }],
  timestamp: 'ts',
} as const;
const ROWS = [['buy', 'X', 1], ['sell', 'X', 2], ['buy', 'Y', 3], ['short', 'Y', 4]] as const;

/** A store with four records, whose writer closed. */
async function store(rows: readonly (readonly [string, string, number])[] = ROWS): Promise<{ base: string; symbols: string }> {
  const base = path.join(temporaryDirectory(), 'data');
  const platform = await openPlatform(base, { logLevel: 'silent' });
  await platform.createFeed(SPEC);
  const writer = await platform.createWriter(FEED);
  for (const row of rows) writer.writeValues(...row);
  await platform.close();
  return { base, symbols: feedPaths(base, FEED).symbols };
}

/** Where each entry of the dictionary begins, and the end. */
function edges(file: string): number[] {
  const bytes = fs.readFileSync(file);
  const found: number[] = [SYMBOLS.HEADER_BYTES];
  for (let at: number = SYMBOLS.HEADER_BYTES; at < bytes.length;) found.push(at += symbolEntryLength(bytes, at, at === SYMBOLS.HEADER_BYTES ? 0 : bytes.readUInt32LE(at - 4)));
  return found;
}

async function append(base: string, ...row: [string, string, number]): Promise<string> {
  const platform = await openPlatform(base, { logLevel: 'silent' });
  const outcome = await write(platform, row);
  await platform.close();
  return outcome;
}

async function write(platform: Platform, row: [string, string, number]): Promise<string> {
  try {
    (await platform.createWriter(FEED)).writeValues(...row);
    return 'written';
  } catch (error) {
    if (!(error instanceof DeepwaterError)) throw error;
    expect(error.message).toContain(error.code === 'DW_FILE_CORRUPT' ? 'deepwater repair' : '');
    return error.code;
  }
}

async function read(platform: Platform, from: number): Promise<unknown> {
  const reader = await platform.createReader(FEED);
  try {
    return reader.rangeSync(from, 100);
  } catch (error) {
    return (error as DeepwaterError).code;
  }
}

const DAMAGE: Record<string, (file: string) => void> = {
  'cut at the edge of its last entry': (file) => { fs.truncateSync(file, edges(file).at(-2)); },
  'cut behind its first entry': (file) => { fs.truncateSync(file, edges(file)[1]); },
  'with a flipped bit in its last entry': (file) => {
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 6]! ^= 1;
    fs.writeFileSync(file, bytes);
  },
  'with zeros for its last entries': (file) => {
    const bytes = fs.readFileSync(file);
    bytes.fill(0, edges(file)[3]);
    fs.writeFileSync(file, bytes);
  },
  'with its header alone': (file) => { fs.truncateSync(file, SYMBOLS.HEADER_BYTES); },
  emptied: (file) => { fs.truncateSync(file, 0); },
  missing: (file) => { fs.rmSync(file); },
};

describe('a dictionary that lost entries whose codes records have', () => {
  test('is not written on, wherever they were lost, and is again once it has them back', async () => {
    const { base, symbols } = await store();
    const whole = fs.readFileSync(symbols);
    const platform = await openPlatform(base, { logLevel: 'silent' });
    for (const [name, harm] of Object.entries(DAMAGE)) {
      harm(symbols);
      expect(await write(platform, ['cancel', 'Z', 5]), name).toBe('DW_FILE_CORRUPT');
      fs.writeFileSync(symbols, whole);
    }
    expect(await write(platform, ['cancel', 'Z', 5])).toBe('written');
    expect(await read(platform, 1)).toEqual([...ROWS, ['cancel', 'Z', 5]]);
    await platform.close();
  });

  test.each(['cut at the edge of its last entry', 'with a flipped bit in its last entry', 'missing'])('%s is written on after repair, and no code gets another text', async (name) => {
    const { base, symbols } = await store();
    DAMAGE[name]!(symbols);
    await repairStore(base);
    const platform = await openPlatform(base, { logLevel: 'silent' });
    expect(await write(platform, ['cancel', 'Z', 5])).toBe('written');
    expect(await read(platform, 5)).toEqual([['cancel', 'Z', 5]]);
    expect(await read(platform, 4)).toBe('DW_FILE_CORRUPT');
    await platform.close();
  });

  test('emptied, of a feed whose catalog was made anew as well, is not written on', async () => {
    const { base, symbols } = await store();
    fs.truncateSync(symbols, 0);
    fs.rmSync(feedPaths(base, FEED).catalog);
    expect(await append(base, 'cancel', 'Z', 5)).toBe('DW_FILE_CORRUPT');
  });

  test('an older state of it that is whole in itself is not written on', async () => {
    const { base, symbols } = await store(ROWS.slice(0, 2));
    const older = fs.readFileSync(symbols);
    expect(await append(base, 'short', 'Y', 3)).toBe('written');
    fs.writeFileSync(symbols, older);
    expect(await append(base, 'cancel', 'X', 4)).toBe('DW_FILE_CORRUPT');
  });
});

describe('a dictionary that lost nothing', () => {
  test('with an entry that was being written at a power loss is written on', async () => {
    const { base, symbols } = await store();
    const bytes = fs.readFileSync(symbols);
    fs.appendFileSync(symbols, bytes.subarray(edges(symbols)[0], (edges(symbols)[1] ?? 0) - 1));
    expect(await append(base, 'cancel', 'Z', 5)).toBe('written');
    expect(await read(await openPlatform(base, { readOnly: true }), 1)).toEqual([...ROWS, ['cancel', 'Z', 5]]);
  });

  test('of a store that does not know how many entries it has, or whose note of it is damaged, is written on', async () => {
    for (const word of [0, 77]) { // unknown; another number than its checksum is of
      const { base } = await store();
      const { catalog } = feedPaths(base, FEED);
      const bytes = fs.readFileSync(catalog);
      bytes.writeUInt32LE(word, 1024);
      if (word === 0) bytes.writeUInt32LE(0, 1028);
      fs.writeFileSync(catalog, bytes);
      expect(await append(base, 'cancel', 'Z', 5)).toBe('written');
      // From now on it is known.
      DAMAGE['cut at the edge of its last entry']!(feedPaths(base, FEED).symbols);
      expect(await append(base, 'more', 'Z', 6)).toBe('DW_FILE_CORRUPT');
    }
  });
});

test('entries that stand in the place of others are not believed, though each is whole', async () => {
  const { base, symbols } = await store();
  const bytes = fs.readFileSync(symbols);
  const [first, second] = edges(symbols) as [number, number];
  bytes.copyWithin(first, second);
  fs.writeFileSync(symbols, bytes);
  const platform = await openPlatform(base, { readOnly: true });
  expect(await read(platform, 0)).toBe('DW_FILE_CORRUPT');
});
