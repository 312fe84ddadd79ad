import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DeepwaterError, FEED_FORMAT, type FeedFile, feedPaths, listFeedFiles, parseFeedSpec, readFeedFile, writeFeedFile,
} from '../dist/index.js';
import { failure, temporaryDirectory } from './store-support.js';

const seed = Date.now() & 0x7fffffff;
console.log(`feed-file: seed ${seed}`);

function feedNamed(name: string): FeedFile {
  const spec = parseFeedSpec({
    name,
    fields: [{ name: 'price', type: 'decimal', scale: 8, desc: 'Preis — in €' }, { name: '_', type: '_4' }, { name: 'time', type: 'uint64', unit: 'ns' }],
    timestamp: 'time',
    retentionHours: 0,
    instrument: { exchange: 'coinbase', symbol: 'BTC-USD' },
  });
  return { format: FEED_FORMAT, name, uid: '0123456789abcdef', spec, createdAt: '2026-01-02T03:04:05.000Z' };
}

function storeWith(...names: string[]): string {
  const basePath = temporaryDirectory();
  for (const name of names) writeFeedFile(basePath, feedNamed(name), 'owner');
  return basePath;
}

describe('a feed file', () => {
  test('is read as it was written, frozen and normal', () => {
    const feed = readFeedFile(storeWith('trades'), 'trades')!;
    expect(feed).toEqual(feedNamed('trades'));
    expect(Object.isFrozen(feed.spec.fields)).toBe(true);
  });

  test.each([['owner', '700', '600'], ['group', '750', '640']] as const)('of a store with access %s has modes %s and %s', (access, directoryMode, fileMode) => {
    const basePath = temporaryDirectory();
    writeFeedFile(basePath, feedNamed('trades'), access);
    const { directory, spec } = feedPaths(basePath, 'trades');
    expect([directory, spec].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual([directoryMode, fileMode]);
  });

  test('is replaced as a whole and leaves nothing beside it', () => {
    const basePath = storeWith('trades');
    const changed = { ...feedNamed('trades'), spec: { ...feedNamed('trades').spec, retentionHours: 5 } };
    writeFeedFile(basePath, changed, 'owner');
    expect(readFeedFile(basePath, 'trades')).toEqual(changed);
    expect(readdirSync(feedPaths(basePath, 'trades').directory)).toEqual(['feed.json']);
  });

  test('that is not there is undefined: no store, no feed, no file yet', () => {
    expect(readFeedFile(temporaryDirectory(), 'trades')).toBeUndefined();
    const basePath = storeWith('trades');
    expect(readFeedFile(basePath, 'quotes')).toBeUndefined();
    rmSync(feedPaths(basePath, 'trades').spec);
    expect(readFeedFile(basePath, 'trades')).toBeUndefined();
  });

  test.each(['../trades', '/etc', '.hidden', 'a/b', 'a\0b', 'x'.repeat(10_000), ''])('is never looked for under a name like %j', (name) => {
    expect(() => readFeedFile(storeWith('trades'), name)).toThrow(expect.objectContaining({ code: 'DW_FEED_NAME_INVALID' }));
    expect(() => writeFeedFile(storeWith('trades'), { ...feedNamed('trades'), name }, 'owner')).toThrow(expect.objectContaining({ code: 'DW_FEED_NAME_INVALID' }));
  });
});

describe('a feed file that cannot be used', () => {
  function errorFor(change: (feed: Record<string, unknown>) => unknown): Promise<unknown> {
    const basePath = storeWith('trades');
    const { spec } = feedPaths(basePath, 'trades');
    const changed = change(JSON.parse(readFileSync(spec, 'utf8')) as Record<string, unknown>);
    writeFileSync(spec, typeof changed === 'string' ? changed : JSON.stringify(changed));
    return failure(() => readFeedFile(basePath, 'trades'));
  }

  const damaged: [string, (feed: Record<string, unknown>) => unknown][] = [
    ['cut off', (feed) => JSON.stringify(feed).slice(0, 60)],
    ['empty', () => ''],
    ['null', () => 'null'],
    ['without a format', ({ format: _, ...rest }) => rest],
    ['of another feed', (feed) => ({ ...feed, name: 'quotes' })],
    ['with the spec of another feed', (feed) => ({ ...feed, spec: { ...(feed['spec'] as object), name: 'quotes' } })],
    ['with a uid that leads elsewhere', (feed) => ({ ...feed, uid: '../../../../etc/' })],
    ['without a spec', ({ spec: _, ...rest }) => rest],
    ['with a key of the spec that nobody knows', (feed) => ({ ...feed, spec: { ...(feed['spec'] as object), retention: 5 } })],
    ['with a million fields', (feed) => ({ ...feed, spec: { ...(feed['spec'] as object), fields: new Array(1_000_000).fill(0) } })],
    ['with a time that is none', (feed) => ({ ...feed, createdAt: 17 })],
    ['of 20 MB', () => ' '.repeat(20_000_000)],
    ['nested deeply', () => '['.repeat(100_000)],
  ];
  test.each(damaged)('%s is corrupt', async (_name, change) => {
    expect(await errorFor(change)).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('of a newer format says so', async () => {
    expect(await errorFor((feed) => ({ ...feed, format: 2 }))).toMatchObject({ code: 'DW_FORMAT_VERSION', values: { format: 2, supported: 1 } });
  });

  test('a link in place of the file, of its directory, or of all feeds is not followed', async () => {
    const real = storeWith('trades');
    const file = storeWith('trades');
    rmSync(feedPaths(file, 'trades').spec);
    symlinkSync(feedPaths(real, 'trades').spec, feedPaths(file, 'trades').spec);
    expect(await failure(() => readFeedFile(file, 'trades'))).toMatchObject({ values: { errno: 'ELOOP' } });

    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'feeds'));
    symlinkSync(feedPaths(real, 'trades').directory, feedPaths(directory, 'trades').directory);
    expect(await failure(() => readFeedFile(directory, 'trades'))).toMatchObject({ code: 'DW_FILE_CORRUPT' });

    const all = temporaryDirectory();
    symlinkSync(join(real, 'feeds'), join(all, 'feeds'));
    expect(await failure(() => readFeedFile(all, 'trades'))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    expect(await failure(() => writeFeedFile(all, feedNamed('quotes'), 'owner'))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
  });

  test('with any bytes changed is read as some feed or refused with our error', () => {
    const basePath = storeWith('trades');
    const { spec } = feedPaths(basePath, 'trades');
    const text = readFileSync(spec);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(text.length), (changes, cut) => {
        const bytes = Buffer.from(text);
        for (const [at, value] of changes) bytes[at] = value;
        writeFileSync(spec, cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
        try {
          const feed = readFeedFile(basePath, 'trades')!;
          expect(parseFeedSpec(feed.spec)).toEqual(feed.spec);
        } catch (error) {
          expect(DeepwaterError.isDeepwaterError(error), String(error)).toBe(true);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('the list of feeds', () => {
  test('is sorted, and empty for a store without any', () => {
    expect(listFeedFiles(storeWith('trades', 'book', 'quotes')).feeds.map(({ name }) => name)).toEqual(['book', 'quotes', 'trades']);
    expect(listFeedFiles(temporaryDirectory())).toEqual({ feeds: [], damaged: [] });
  });

  test('passes over what is no feed, and tells of damaged ones without hiding the others', () => {
    const basePath = storeWith('trades', 'quotes', 'book');
    const feeds = join(basePath, 'feeds');
    mkdirSync(join(feeds, '.deleted-old-1234'));
    mkdirSync(join(feeds, 'being-made'));
    cpSync(join(feeds, 'trades'), join(feeds, 'not a name'), { recursive: true });
    writeFileSync(join(feeds, 'quotes', 'feed.json'), '{');
    writeFileSync(join(feeds, 'a-file'), '');
    const { feeds: found, damaged } = listFeedFiles(basePath);
    expect(found.map(({ name }) => name)).toEqual(['book', 'trades']);
    expect(damaged.map(({ name }) => name)).toEqual(['a-file', 'quotes']);
    expect(damaged[1]!.error).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });
});
