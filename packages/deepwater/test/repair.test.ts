import { copyFileSync, cpSync, lstatSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { CATALOG, CHUNK, ChunkHeader, FAILPOINTS, type Failpoint, chunkPath, feedPaths, onFailpoint, ringPaths, sharedRingDirectory, tailChecksum } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { DeepwaterError, Platform, type RepairReport, checkHealth, repairStore } from 'deepwater';
import { temporaryDirectory } from '../../../test/support/afterwards.js';
import { openPlatform } from '../../../test/support/platforms.js';
import { FEED, type MadeStore, OTHER, type Variant, makeStore, recordOf, settleAt } from './mutations/store.mjs';

const remove: string[] = [];
afterEach(() => {
  onFailpoint(undefined);
  for (const directory of remove.splice(0)) rmSync(directory, { recursive: true, force: true });
});

interface Store extends MadeStore {
  readonly base: string;
}

const templates = new Map<Variant, Promise<Store>>();
const kept: string[] = [];
afterAll(() => { for (const directory of kept) rmSync(directory, { recursive: true, force: true }); });

/** A store of its own: a copy of one that is made once, and at home where it is. */
async function storeOf(variant: Variant): Promise<Store> {
  const template = await (templates.get(variant) ?? newTemplate(variant));
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-repair-'));
  const base = path.join(root, 'data');
  cpSync(template.base, base, { recursive: true });
  settleAt(base);
  remove.push(root, sharedRingDirectory(template.storeId));
  return { ...template, base, paths: feedPaths(base, FEED) };
}

function newTemplate(variant: Variant): Promise<Store> {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-repair-'));
  kept.push(root);
  const made = makeStore(path.join(root, 'data'), variant).then((store) => ({ ...store, base: path.join(root, 'data') }));
  templates.set(variant, made);
  return made;
}

/** Changes bytes of a file. */
function change(file: string, at: number, bytes: number[] | Buffer): void {
  const content = readFileSync(file);
  Buffer.from(bytes).copy(content, at);
  writeFileSync(file, content);
}

const chunk = ({ paths }: Store, id: number): string => chunkPath(paths, id);
const block = ({ geometry }: Store, index: number): number => geometry.blockTableOffset + index * geometry.blockBytes;
const cell = ({ geometry }: Store, column: number, row: number): number => (geometry.columnOffsets[column] as number) + row * (geometry.columnWidths[column] as number);
const numbers = (first: number, next: number): number[] => Array.from({ length: next - first }, (_, i) => first + i);

/** Every name below a directory with its bytes and times. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort().map((name) => {
    const file = path.join(directory, name);
    const { mtimeMs, size } = lstatSync(file);
    return `${name} ${mtimeMs} ${size} ${lstatSync(file).isFile() ? readFileSync(file).toString('base64') : ''}`;
  });
}

/** What a reader gives of the feed, and what a subscriber from the first number on is told as lost. */
async function readAll({ base, storeId, feed }: Store): Promise<{ records: unknown[]; lost: [number, number][] }> {
  // By itself: a platform has threads, which take longer to begin than all of a repair.
  const reader = new FeedReader({ basePath: base, storeId, feedUid: feed.uid, spec: feed.spec });
  try {
    const records = reader.rangeSync(0, 2 ** 52) as unknown[];
    const lost: [number, number][] = [];
    const stream = reader.streamSync({ fromSequence: 0, allowMainThread: true, onLoss: ({ from, to }) => { lost.push([from, to]); } });
    for (let n = 0; n < records.length; n++) stream.next();
    stream.return();
    return { records, lost };
  } finally {
    await reader.close();
  }
}

/** Opens a writer, writes some records, closes: their numbers. */
async function writeOn({ base }: Store, count: number): Promise<{ first: number }> {
  const platform = await Platform.open(base, { logLevel: 'silent', handleSignals: false });
  try {
    const writer = await platform.createWriter(FEED);
    const first = writer.position;
    for (let n = 0; n < count; n++) writer.writeValues(...recordOf(first + n));
    return { first };
  } finally {
    await platform.close();
  }
}

interface Case {
  readonly what: string;
  readonly variant?: Variant;
  readonly damage: (store: Store) => void;
  /** Records that are lost, as [first, next). */
  readonly lost?: [number, number][];
  /** Records that an outage took: nobody was promised them. */
  readonly unsynced?: [number, number][];
  /** Something else is lost: what somebody marked, what retention was. */
  readonly losesElse?: boolean;
  /** File and words of the report. */
  readonly told: [file: string, what: RegExp];
}

const CASES: Case[] = [
  { what: 'a cell of a block in the midst', damage: (s) => { change(chunk(s, 1), cell(s, 0, 20), [1, 2, 3]); }, lost: [[16, 32]], told: ['1.dwk', /block 1: the cells of price/] },
  { what: 'cells of the first and the last block', damage: (s) => { change(chunk(s, 2), cell(s, 1, 0), [99]); change(chunk(s, 2), cell(s, 4, 63), [7]); }, lost: [[64, 80], [112, 128]], told: ['2.dwk', /block 3: the cells of ts/] },
  { what: 'all of a chunk', damage: (s) => { change(chunk(s, 2), s.geometry.columnsOffset, Buffer.alloc(s.geometry.fileBytes - s.geometry.columnsOffset, 0xaa)); }, lost: [[64, 128]], told: ['2.dwk', /block 0/] },
  { what: 'the last block of the last chunk', damage: (s) => { change(chunk(s, 3), cell(s, 0, 39), [1, 2, 3]); }, lost: [[165, 173]], told: ['3.dwk', /block 2/] },
  { what: 'a descriptor', damage: (s) => { change(chunk(s, 1), block(s, 2) + 8, [1, 2, 3, 4, 5]); }, told: ['1.dwk', /its cells prove what it was/] },
  { what: 'the identity of a chunk', damage: (s) => { change(chunk(s, 2), CHUNK.CAPACITY_ROWS, [1, 2, 3]); }, told: ['2.dwk', /its header is damaged/] },
  { what: 'all of a header', damage: (s) => { change(chunk(s, 2), 0, Buffer.alloc(2048)); }, lost: [[64, 128]], told: ['2.dwk', /its header is zeros/] },
  { what: 'the identity and activation of a chunk', damage: (s) => { change(chunk(s, 2), 0, Buffer.alloc(512)); }, told: ['2.dwk', /its header is damaged/] },
  { what: 'the place in the sequence', damage: (s) => { change(chunk(s, 2), CHUNK.FIRST_SEQUENCE, [9, 9]); }, told: ['2.dwk', /its place in the sequence/] },
  { what: 'the state', damage: (s) => { change(chunk(s, 2), CHUNK.STATE, [1]); }, told: ['2.dwk', /its state is damaged/] },
  { what: 'the counts', damage: (s) => { change(chunk(s, 2), CHUNK.COMMITTED_ROWS, [255, 255, 255]); }, told: ['2.dwk', /its counts of rows/] },
  { what: 'the seal', damage: (s) => { change(chunk(s, 2), CHUNK.SEALED_ROWS, [3]); }, told: ['2.dwk', /its seal is damaged/] },
  { what: 'the text of the schema', damage: (s) => { change(chunk(s, 2), CHUNK.HEADER_BYTES + 3, [3]); }, told: ['2.dwk', /the text of its schema/] },
  { what: 'a chunk that is cut short', damage: (s) => { truncateSync(chunk(s, 1), s.geometry.columnOffsets[4] as number); }, lost: [[0, 64]], told: ['1.dwk', /bytes of/] },
  { what: 'a chunk that is deleted', damage: (s) => { rmSync(chunk(s, 2)); }, lost: [[64, 128]], told: ['2.dwk', /missing/] },
  { what: 'the last chunk deleted', damage: (s) => { rmSync(chunk(s, 3)); }, lost: [[133, 173]], told: ['3.dwk', /missing/] },
  { what: 'a link in a chunk’s place', damage: (s) => { renameSync(chunk(s, 1), `${s.base}/../aside`); symlinkSync(`${s.base}/../aside`, chunk(s, 1)); }, lost: [[0, 64]], told: ['1.dwk', /ELOOP|link/] },
  { what: 'a chunk of another feed', damage: (s) => { copyFileSync(path.join(s.base, 'feeds', OTHER, 'chunks', '000000000002.dwk'), chunk(s, 2)); }, lost: [[64, 128]], told: ['2.dwk', /another feed/] },
  { what: 'strays', damage: (s) => { writeFileSync(path.join(s.paths.chunks, 'notes.txt'), 'x'); writeFileSync(chunk(s, 9), 'x'.repeat(5000)); }, told: ['9.dwk', /header/], losesElse: true },
  { what: 'the catalog', damage: (s) => { change(s.paths.catalog, 20, [1, 2, 3]); }, told: ['catalog.dwc', /checksum|another feed/] },
  { what: 'an entry of the catalog', damage: (s) => { change(s.paths.catalog, 4096 + 256 + 16, [1]); }, told: ['catalog.dwc', /entry 1/] },
  { what: 'an open entry of the catalog after an outage', variant: 'outage', damage: (s) => { change(s.paths.catalog, 4096 + 512, Buffer.alloc(64)); }, unsynced: [[168, 173]], told: ['catalog.dwc', /entry 2 tells of no chunk/] },
  { what: 'the id of an open entry of the catalog, into one that there cannot be', variant: 'killed', damage: (s) => { change(s.paths.catalog, 4096 + 512 + 7, [206]); }, told: ['catalog.dwc', /entry 2 tells of no chunk/] },
  { what: 'the id of an open entry of the catalog after an outage', variant: 'outage', damage: (s) => { change(s.paths.catalog, 4096 + 512 + 2, [16]); }, unsynced: [[168, 173]], told: ['catalog.dwc', /calls chunk 3 by another number/] },
  { what: 'the id of an open entry of the catalog', variant: 'killed', damage: (s) => { change(s.paths.catalog, 4096 + 512 + 1, [1]); }, told: ['catalog.dwc', /does not know chunk 3/] },
  { what: 'a place of the ring that there is not', damage: (s) => { change(s.paths.catalog, CATALOG.RING_PLACE, [1, 0, 0, 0x80]); }, told: ['catalog.dwc', /the ring is in place 2147483649/] },
  { what: 'the catalog marked as replaced', damage: (s) => { change(s.paths.catalog, CATALOG.RETIRED, [1]); }, told: ['catalog.dwc', /another has taken its place/] },
  { what: 'the catalog marked as nothing there is', damage: (s) => { change(s.paths.catalog, CATALOG.RETIRED, [1, 2]); }, told: ['catalog.dwc', /whether another has taken its place/] },
  { what: 'all that a catalog says of its writer', damage: (s) => { change(s.paths.catalog, 512, Buffer.alloc(512, 0xff)); }, told: ['catalog.dwc', /whether another has taken its place/] },
  { what: 'the catalog gone', damage: (s) => { rmSync(s.paths.catalog); }, told: ['catalog.dwc', /missing/] },
  { what: 'catalog and a header', damage: (s) => { rmSync(s.paths.catalog); change(chunk(s, 2), CHUNK.FIRST_SEQUENCE, [9, 9]); }, lost: [[64, 128]], told: ['2.dwk', /its place/] },
  { what: 'segments', damage: (s) => { change(s.paths.segments, 8, [9]); }, told: ['segments.dwg', /header/] },
  { what: 'segments gone', damage: (s) => { rmSync(s.paths.segments); }, told: ['segments.dwg', /missing/], losesElse: true },
  { what: 'the header of the dictionary', damage: (s) => { change(s.paths.symbols, 2, [0]); }, told: ['symbols.dws', /begin/] },
  { what: 'the length of an entry of the dictionary', damage: (s) => { change(s.paths.symbols, 4096 + 2, [77]); }, told: ['symbols.dws', /an entry/] },
  { what: 'a block of an open chunk', variant: 'killed', damage: (s) => { change(chunk(s, 3), cell(s, 0, 2), [5, 5]); }, lost: [[133, 149]], told: ['3.dwk', /block 0/] },
  { what: 'the count of an open chunk', variant: 'killed', damage: (s) => { change(chunk(s, 3), CHUNK.COMMITTED_ROWS, [200]); }, told: ['3.dwk', /its count of rows/] },
  { what: 'the count of an open chunk, past the blocks that are described', variant: 'killed', damage: (s) => { change(chunk(s, 3), CHUNK.COMMITTED_ROWS, [60]); }, told: ['3.dwk', /its count of rows/] },
  {
    what: 'a block and the synced rest after an outage', variant: 'outage', lost: [[133, 149], [165, 173]], told: ['3.dwk', /block 0/],
    damage: (s) => { change(chunk(s, 3), cell(s, 0, 2), [5, 5]); change(chunk(s, 3), cell(s, 0, 33), [5, 5]); },
  },
  { what: 'an open chunk that is cut short', variant: 'killed', damage: (s) => { truncateSync(chunk(s, 3), cell(s, 4, 5)); }, told: ['3.dwk', /bytes of|not in the file/] },
  // Before its cells, and before one or the other word that tells how many there were.
  ...[255, 900, 4500].flatMap((bytes): Case[] => [
    { what: `an open chunk that is cut to ${bytes} bytes after an outage`, variant: 'outage', damage: (s) => { truncateSync(chunk(s, 3), bytes); }, lost: [[133, 173]], told: ['3.dwk', /bytes of/] },
    { what: `an open chunk that is cut to ${bytes} bytes`, variant: 'killed', damage: (s) => { truncateSync(chunk(s, 3), bytes); }, told: ['3.dwk', /bytes of/] },
    { what: `a sealed chunk that is cut to ${bytes} bytes`, damage: (s) => { truncateSync(chunk(s, 3), bytes); }, lost: [[133, 173]], told: ['3.dwk', /bytes of|zeros|header/] },
    { what: `an open chunk that is cut to ${bytes} bytes after an outage, and the catalog gone`, variant: 'outage', damage: (s) => { truncateSync(chunk(s, 3), bytes); rmSync(s.paths.catalog); }, lost: [[133, 173]], told: ['3.dwk', /bytes of|zeros|header|place/] },
  ]),
  // Its words, one and all of them: state, reserved, committed and synced rows, and the checksum of the last.
  ...([[CHUNK.STATE, CHUNK.STATE + 4], [CHUNK.RESERVED_ROWS, CHUNK.RESERVED_ROWS + 4], [CHUNK.COMMITTED_ROWS, CHUNK.COMMITTED_ROWS + 4], [CHUNK.SYNCED_ROWS, CHUNK.SYNCED_ROWS + 4], [CHUNK.SYNCED_ROWS + 4, CHUNK.SYNCED_ROWS + 8], [CHUNK.STATE, 1024]] as const).flatMap(([from, to]): Case[] => {
    const damage = (s: Store): void => { change(chunk(s, 3), from, Buffer.alloc(to - from, 0xb1)); };
    return [
      { what: `bytes ${from} to ${to} of an open chunk`, variant: 'killed', damage, told: ['3.dwk', /its (state|count|mark)/] },
      // Of what was synced only complete blocks prove themselves without the mark.
      { what: `bytes ${from} to ${to} of an open chunk after an outage`, variant: 'outage', damage, told: ['3.dwk', /its (state|count|mark)/], ...(to <= CHUNK.SYNCED_ROWS ? { unsynced: [[168, 173]] } : { lost: [[165, 173]] }) },
    ];
  }),
  { what: 'the front of an open chunk after an outage', variant: 'outage', damage: (s) => { change(chunk(s, 3), 0, Buffer.alloc(1024, 0xb1)); }, lost: [[133, 173]], told: ['3.dwk', /nothing proves/] },
  { what: 'the open chunk deleted', variant: 'killed', damage: (s) => { rmSync(chunk(s, 3)); }, told: ['3.dwk', /missing/] },
  { what: 'feed.json', damage: (s) => { change(s.paths.spec, 40, Buffer.from('###')); }, told: ['feed.json', /JSON|checksum/] },
  { what: 'the registry', damage: (s) => { change(path.join(s.base, 'registry', 'data.mdb'), 100, [1, 2, 3]); }, told: ['registry', /checksum/] },
  { what: 'feed.json and the registry', damage: (s) => { rmSync(s.paths.spec); rmSync(path.join(s.base, 'registry'), { recursive: true }); }, told: ['feed.json', /missing/], losesElse: true },
  { what: 'the manifest', damage: (s) => { writeFileSync(path.join(s.base, 'manifest.json'), '{'); }, told: ['manifest.json', /JSON/] },
  { what: 'the manifest gone', variant: 'killed', damage: (s) => { rmSync(path.join(s.base, 'manifest.json')); }, told: ['manifest.json', /missing/] },
];

test('a copy without its manifest, of a store that is written to, gets an id of its own', async () => {
  const platform = await openPlatform(undefined, { logLevel: 'silent' });
  await platform.createFeed({ name: 'ticks', fields: [{ name: 'n', type: 'uint32' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts', retentionHours: 0 });
  const writer = await platform.createWriter('ticks');
  const write = async (from: number): Promise<void> => {
    for (let n = from; n < from + 100; n++) writer.writeValues(n, n);
    await writer.flush();
  };
  await write(0);
  const copy = path.join(temporaryDirectory(), 'data');
  cpSync(platform.basePath, copy, { recursive: true, filter: (file) => !file.endsWith('manifest.json') });
  await expect(Platform.open(copy, { logLevel: 'silent' })).rejects.toMatchObject({ code: 'DW_FILE_CORRUPT', values: { reason: 'it is missing, and there are feeds' } });
  await expect(Platform.open(copy, { logLevel: 'silent', readOnly: true })).rejects.toMatchObject({ code: 'DW_FILE_CORRUPT' });
  expect(damagesOf(await repairStore(copy)).map(({ file }) => file)).toContain('manifest.json');
  const other = await openPlatform(copy, { logLevel: 'silent' });
  expect(other.storeId).not.toBe(platform.storeId);
  const second = await other.createWriter('ticks');
  second.writeValues(1000, 1000);
  await second.flush();
  await write(100);
  const numbersOf = async (of: Platform): Promise<unknown[]> => (await (await of.createReader('ticks')).range(0, 2 ** 52)).map((record) => (record as unknown[])[0]);
  expect(await numbersOf(platform)).toEqual(numbers(0, 200));
  expect((await numbersOf(other)).at(-1)).toBe(1000);
});

const damagesOf = (report: RepairReport) => [...report.store, ...report.feeds.flatMap(({ damages }) => damages)];
const without = (sequences: readonly number[], lost: readonly [number, number][]): number[] => sequences.filter((sequence) => !lost.some(([first, next]) => sequence >= first && sequence < next));

describe('repair', () => {
  test.each(['closed', 'killed', 'outage'] as const)('of a store that is well (%s) finds nothing and changes nothing', async (variant) => {
    const store = await storeOf(variant);
    const before = snapshot(store.base);
    expect(damagesOf(await repairStore(store.base, { dryRun: true }))).toEqual([]);
    expect(snapshot(store.base)).toEqual(before);
    expect(await repairStore(store.base)).toMatchObject({ damaged: false, lost: false, quarantine: [] });
  });

  test.each(CASES)('$what: told, put right, and read', async ({ variant = 'closed', damage, lost = [], unsynced = [], losesElse = false, told: [file, what] }) => {
    const store = await storeOf(variant);
    damage(store);
    const before = snapshot(store.base);
    const dry = await repairStore(store.base, { dryRun: true });
    expect(snapshot(store.base)).toEqual(before);
    const found = damagesOf(dry);
    expect(found.some((each) => each.file.endsWith(file) && what.test(each.what)), JSON.stringify(found, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).toBe(true);

    const report = await repairStore(store.base);
    expect(damagesOf(report)).toEqual(found);
    expect(report.lost).toBe(lost.length > 0 || losesElse);
    const again = await repairStore(store.base);
    expect(damagesOf(again)).toEqual([]);
    expect(again.quarantine).toEqual([]);

    const kept = without(store.sequences, [...lost, ...unsynced]);
    const read = await readAll(store);
    expect(read.records).toEqual(kept.map(recordOf));
    // What is lost behind the last record is told when there is one behind it.
    expect(read.lost).toEqual(lost.filter(([first]) => kept.some((sequence) => sequence > first)));
    const { first } = await writeOn(store, 20);
    expect(first).toBeGreaterThanOrEqual(store.next);
    expect((await readAll(store)).records).toEqual([...kept, ...numbers(first, first + 20)].map(recordOf));
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
  });
});

describe('an open chunk whose ring is gone', () => {
  const word = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
  /** Its mark of synced rows, with the checksum that it has to have. */
  const markSynced = (store: Store, rows: number): void => {
    const file = chunk(store, 3);
    const bytes = readFileSync(file);
    const { geometry } = store;
    new ChunkHeader(bytes, file).markSynced(rows, tailChecksum(geometry, rows, (column, from, count) => bytes.subarray(cell(store, column, from), cell(store, column, from + count))));
    writeFileSync(file, bytes);
  };
  const gone = (store: Store): void => { rmSync(ringPaths(store.paths.directory, FEED).ring); };
  const committed = (store: Store, value: number): void => { change(chunk(store, 3), CHUNK.COMMITTED_ROWS, word(value)); };

  test.each<[what: string, damage: (store: Store) => void, rows: number, lost: boolean]>([
    ...[500, 772, 4500].map((bytes): [string, (store: Store) => void, number, boolean] => [`is cut to ${bytes} bytes`, (store) => { truncateSync(chunk(store, 3), bytes); }, 0, true]),
    ['counts fewer rows than were synced', (store) => { markSynced(store, 38); committed(store, 36); }, 38, true],
    ['counts a block less than was synced', (store) => { markSynced(store, 38); committed(store, 32); }, 38, true],
    ['has a damaged count', (store) => { markSynced(store, 38); committed(store, 0xb1b1b1b1); }, 38, true],
    ['has neither count nor mark', (store) => { markSynced(store, 38); change(chunk(store, 3), CHUNK.SYNCED_ROWS, word(0xb1b1b1b1)); committed(store, 0xb1b1b1b1); }, 32, true],
    ['is well', (store) => { markSynced(store, 38); }, 40, false],
  ])('and that %s keeps what something proves, and says what is lost', async (_, damage, rows, lost) => {
    const store = await storeOf('killed');
    gone(store);
    damage(store);
    const report = await repairStore(store.base);
    const damages = report.feeds.flatMap(({ damages: each }) => each).filter(({ file }) => file.endsWith('.dwk'));
    expect(damages.some((each) => each.lost)).toBe(lost);
    if (lost) expect(Math.min(...damages.flatMap((each) => (each.lost ? each.first ?? 0 : [])))).toBeLessThanOrEqual(133 + rows);
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
    expect((await readAll(store)).records).toHaveLength(128 + rows);
    const { first } = await writeOn(store, 20);
    // Numbers of the chunk that were given out are not given out again.
    expect(first).toBeGreaterThanOrEqual(133 + 40);
  });
});

/** Damage of many kinds at once: what is lost of it is [16, 32), [112, 128). */
function damageMuch(store: Store): void {
  change(chunk(store, 1), cell(store, 0, 20), [1, 2, 3]);
  change(chunk(store, 1), block(store, 2) + 8, [1, 2, 3]);
  change(chunk(store, 2), CHUNK.FIRST_SEQUENCE, [9, 9]);
  change(chunk(store, 2), cell(store, 4, 63), [7]);
  change(chunk(store, 3), CHUNK.SEALED_ROWS, [3]);
  change(store.paths.catalog, 900, [1]);
  change(store.paths.segments, 8, [9]);
  change(store.paths.symbols, 4096 + 2, [77]);
  change(store.paths.spec, 40, Buffer.from('###'));
  writeFileSync(path.join(store.base, 'manifest.json'), '{');
  writeFileSync(path.join(store.paths.chunks, 'stray'), 'x');
}
const LOST_OF_MUCH: [number, number][] = [[16, 32], [112, 128]];

/** Steps that are taken more than once, where it matters between which of them it ends. */
const OFTEN = new Set<Failpoint>(['repair.stretch-named', 'repair.quarantined']);
const REPAIR_POINTS = FAILPOINTS.filter((name) => name.startsWith('repair.'));

describe('much damage at once', () => {
  test('is put right at once', async () => {
    const store = await storeOf('closed');
    damageMuch(store);
    expect(await repairStore(store.base)).toMatchObject({ damaged: true, lost: true });
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
    const read = await readAll(store);
    expect(read).toEqual({ records: without(store.sequences, LOST_OF_MUCH).map(recordOf), lost: LOST_OF_MUCH });
  });

  test('is put right by a repair that is run again after one that ended at any step, however often', async () => {
    const reached = new Set<Failpoint>();
    for (const point of REPAIR_POINTS) {
      for (const nth of OFTEN.has(point) ? [1, 2] : [1]) {
        const store = await storeOf('closed');
        damageMuch(store);
        rmSync(path.join(store.base, 'registry'), { recursive: true });
        // Without the registry a feed file would be made of what chunks know: that has a case of its own.
        cpSync(path.join((await templates.get('closed') as Store).base, 'feeds', FEED, 'feed.json'), store.paths.spec);
        let hits = 0;
        onFailpoint((name) => {
          if (name !== point) return;
          reached.add(name);
          hits += 1;
          if (hits === nth) throw new Error('ended here');
        });
        const ended = await repairStore(store.base).then(() => false, (error: Error) => error.message === 'ended here');
        onFailpoint(undefined);
        const report = await repairStore(store.base);
        expect(ended || !report.damaged, point).toBe(true);
        expect(damagesOf(await repairStore(store.base)), point).toEqual([]);
        expect((await readAll(store)).records, point).toEqual(without(store.sequences, LOST_OF_MUCH).map(recordOf));
      }
    }
    // Those of a damaged removed.json, a damaged ring and a lost feed file have no part in this damage.
    expect(REPAIR_POINTS.filter((point) => !reached.has(point))).toEqual(['repair.removed-written', 'repair.feed-file', 'repair.ring-moved']);
  }, 60_000);
});

describe('a dictionary of symbols', () => {
  const sideOf = (s: Store): number => s.schema.fields.findIndex(({ name }) => name === 'side');
  const read = async (store: Store, columns: string[]): Promise<unknown[]> => {
    const platform = await Platform.open(store.base, { logLevel: 'silent', readOnly: true, handleSignals: false });
    try {
      return (await platform.createReader(FEED)).rangeSync(0, 2 ** 52, { columns }) as unknown[];
    } finally {
      await platform.close();
    }
  };

  test.each([['in the midst', 4096 + 8 + 3 + 5], ['at its end', 4096 + 11 + 12 + 5]])('with an entry damaged %s keeps the others at their codes, and gives nobody another’s text', async (_, at) => {
    const store = await storeOf('closed');
    change(store.paths.symbols, at, [0xff]);
    const report = await repairStore(store.base);
    expect(report.lost).toBe(true);
    const told = damagesOf(report).find(({ what }) => what.includes('texts of codes'));
    expect(told).toMatchObject({ lost: true, what: expect.stringMatching(/of field side are lost; (55|56|57) records have them/) as string });
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
    expect(sideOf(store)).toBe(2);
    expect((await read(store, ['price'])).length).toBe(store.sequences.length);
    await expect(read(store, ['side'])).rejects.toThrow(/whose text is lost: a repair/);
    const { healthy, checks } = await checkHealth(store.base, { checkFeeds: true, minFreeGb: 0 });
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(healthy).toBe(true);
    // The next writer gives the text that was lost a code of its own.
    const { first } = await writeOn(store, 3);
    const platform = await Platform.open(store.base, { logLevel: 'silent', readOnly: true, handleSignals: false });
    const reader = await platform.createReader(FEED);
    expect(reader.lastSync(3)).toEqual(numbers(first, first + 3).map(recordOf));
    for (const side of ['buy', 'sell', 'cross']) expect(() => reader.rangeSync(0, 2 ** 52, { where: { side }, columns: ['price'] }), side).toThrow(DeepwaterError);
    await platform.close();
  });
});

test('an entry of the dictionary of which only the checksum is damaged is kept, and so is the one behind it', async () => {
  const store = await storeOf('closed');
  change(store.paths.symbols, 4096 + 8, [1, 2]);
  const report = await repairStore(store.base);
  expect(report).toMatchObject({ damaged: true, lost: false });
  expect(damagesOf(report).map(({ what }) => what)).toEqual([expect.stringContaining('checksum of the entry at byte 4096')]);
  expect((await readAll(store)).records).toEqual(store.sequences.map(recordOf));
});

describe('a writer that opens', () => {
  test('does not write a new descriptor over the damaged one of a block whose rows it cannot prove', async () => {
    const store = await storeOf('killed');
    change(chunk(store, 3), cell(store, 0, 2), [5, 5]);
    change(chunk(store, 3), block(store, 0) + 4, [1, 2, 3]);
    await writeOn(store, 5);
    await expect(readAll(store)).rejects.toThrow(/000000000003\.dwk is damaged/);
    expect((await repairStore(store.base)).feeds.find(({ feed }) => feed === FEED)?.lostRecords).toBe(16);
  });

  test('takes a sealed chunk that an older catalog does not know into it: its numbers are not given out again', async () => {
    const store = await storeOf('closed');
    const count = readFileSync(store.paths.catalog).readUInt32LE(CATALOG.COUNT);
    change(store.paths.catalog, CATALOG.COUNT, [count - 1]);
    change(store.paths.catalog, 4096 + (count - 1) * 256, Buffer.alloc(256));
    const { first } = await writeOn(store, 5);
    expect(first).toBe(store.next);
    expect((await readAll(store)).records).toEqual([...store.sequences, ...numbers(first, first + 5)].map(recordOf));
  });

  test('makes a catalog again that says nothing believable of its writer', async () => {
    const store = await storeOf('closed');
    change(store.paths.catalog, 512, Buffer.alloc(512, 18));
    const { first } = await writeOn(store, 20);
    expect((await readAll(store)).records).toEqual([...store.sequences, ...numbers(first, first + 20)].map(recordOf));
  });

  test.each([[1, 4], [2, 0], [2, 10], [2, 16]])('makes a catalog again whose last entries are damaged: entry %i at %i', async (index, at) => {
    const store = await storeOf('closed');
    change(store.paths.catalog, 4096 + 256 * index + at, [0x5a]);
    const { first } = await writeOn(store, 20);
    expect(first).toBeGreaterThanOrEqual(173);
    expect(first).toBeLessThan(2 ** 40);
    expect((await readAll(store)).records).toEqual([...store.sequences, ...numbers(first, first + 20)].map(recordOf));
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
  });

  test('makes a damaged descriptor again where the rows prove it', async () => {
    const store = await storeOf('killed');
    change(chunk(store, 3), block(store, 0) + 4, [1, 2, 3]);
    const { first } = await writeOn(store, 5);
    expect((await readAll(store)).records).toEqual([...store.sequences, ...numbers(first, first + 5)].map(recordOf));
    expect(damagesOf(await repairStore(store.base))).toEqual([]);
  });

  test('puts what is no chunk into quarantine, and what has rows and is in no state that there is', async () => {
    const store = await storeOf('closed');
    writeFileSync(chunk(store, 4), 'none');
    cpSync(chunk(store, 3), chunk(store, 5));
    change(chunk(store, 5), CHUNK.STATE, [9]);
    await writeOn(store, 5);
    const aside = readdirSync(path.join(store.base, 'quarantine', FEED), { recursive: true }).map((name) => path.basename(String(name)));
    expect(aside).toEqual(expect.arrayContaining(['000000000004.dwk', '000000000005.dwk', 'report.json']));
  });
});
