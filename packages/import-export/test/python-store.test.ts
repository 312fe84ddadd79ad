import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from 'deepwater';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importFiles } from '../dist/index.js';
import { type PythonSpec, type PythonVersion, type WrittenChunk, type WrittenSegment, formatOf, pythonStore, writeChunks } from './support/python-store.js';
import { pack } from './support/python-struct.js';
import { emptyPlatform, fileWith, openPlatform, recordsOf, temporaryDirectory } from './support/stores.js';

const CHILD = fileURLToPath(new URL('support/kill-child.mjs', import.meta.url));
const T0 = 1_738_368_000_000_000;
const trades = (version: PythonVersion = 'schema', config: Record<string, unknown> = {}): PythonSpec => ({
  name: 'CB-TRADES-BTC-USD', version, clocks: ['recv_us', 'ev_us'], config,
  fields: [['recv_us', 'uint64', 'Q'], ['ev_us', 'uint64', 'Q'], ['side', 'char', 'c'], ['_', '_7', '7x'], ['price', 'float64', 'd'], ['id', 'uint64', 'Q']],
});
const record = (n: number, ts = T0 + n * 10): Buffer => pack('<QQc7xdQ', [ts, ts - 3, n % 2 === 0 ? 'B' : 'S', n / 4, n]);
const records = (from: number, to: number): Buffer[] => Array.from({ length: to - from }, (_, n) => record(from + n));
const expected = (from: number, to: number): unknown[][] => Array.from({ length: to - from }, (_, at) => at + from).map((n) => [T0 + n * 10, T0 + n * 10 - 3, n % 2 === 0 ? 'B' : 'S', n / 4, BigInt(n)]);
const NAME = 'CB-TRADES-BTC-USD';

/** Numbers of the records at which segments begin, and why the ones before ended. */
async function segmentsOf(platform: Platform, feed = NAME): Promise<(readonly [number, string | undefined])[]> {
  const reader = await platform.createReader(feed);
  return (await reader.segments()).map(({ first, reason }) => [first, reason] as const);
}
const pointsOf = async (platform: Platform, feed = NAME): Promise<number[]> => (await (await platform.createReader(feed)).indexPoints(0n, 2n ** 53n)).map(({ sequence }) => sequence);
const refusal = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'nothing', (error: { code?: string; message: string }) => `${error.code}: ${error.message}`);

describe('a store of the Python Deepwater', () => {
  test.each(['named', 'clocks', 'schema'] as const)('of version %s: every feed, every committed record, in order, and its spec', async (version) => {
    const other: PythonSpec = { name: 'other', version, clocks: ['t'], fields: [['t', 'uint64', 'Q'], ['v', 'int16', 'h']] };
    const store = pythonStore([
      [trades(version, { retention_hours: 48, chunk_size_mb: 2 }), [{ records: records(0, 1000) }, { records: records(1000, 1700) }, { records: records(1700, 1701) }]],
      [other, [{ records: [pack('<Qh', [T0, -5])] }]],
    ]);
    const platform = await emptyPlatform();
    const report = await importFiles(platform, [store], { maxRejects: 0 });
    expect(report).toMatchObject({ records: 1702, added: 1702, rejected: 0, notes: [], aborted: false });
    expect(report.files.map(({ layout, state }) => `${layout} ${state}`)).toEqual(Array.from({ length: 4 }, () => 'python imported'));
    expect(await recordsOf(platform, NAME)).toEqual(expected(0, 1701));
    expect(await recordsOf(platform, 'other')).toEqual([[T0, -5]]);
    expect(platform.feedInfo(NAME).spec).toMatchObject({
      timestamp: 'recv_us', timestampUnit: 'us', clocks: ['ev_us'], persist: true, mode: 'UF', retentionHours: 0, chunkSizeBytes: 2 * 1024 * 1024,
      fields: [{ name: 'recv_us', type: 'uint64', desc: 'the recv_us' }, { name: 'ev_us' }, { name: 'side', type: 'char' }, { type: '_7' }, { name: 'price', type: 'float64' }, { name: 'id', type: 'uint64' }],
    });
    // What is packed here is what was packed there.
    const reader = await platform.createReader(NAME);
    expect(reader.recordFormat.fmt).toBe(formatOf(trades(version)));
    // Once.
    expect((await importFiles(platform, [store])).files.map(({ state, feeds }) => [state, feeds[0]!.added])).toEqual(Array.from({ length: 4 }, () => ['already', 0]));
  });

  test('one of its feeds, by its directory, under another name; a timestamp that is not the first field', async () => {
    const late: PythonSpec = { name: 'late', version: 'named', clocks: ['proc_us', 'ev_us'], fields: [['type', 'char', 'c'], ['_', '_7', '7x'], ['ev_us', 'uint64', 'Q'], ['proc_us', 'uint64', 'Q']] };
    const store = pythonStore([[late, [{ records: [pack('<c7xQQ', ['U', T0, T0 + 5])], marks: [0] }]], [trades('named'), [{ records: records(0, 3) }]]]);
    const platform = await emptyPlatform();
    expect(await refusal(importFiles(platform, [store], { feed: 'mine' }))).toMatch(/^DW_OPTION_INVALID: .*has 2 feeds/);
    await importFiles(platform, [join(store, 'data', 'late')], { feed: 'mine', layout: 'python' });
    expect(platform.listFeeds().map(({ name }) => name)).toEqual(['mine']);
    expect(platform.feedInfo('mine').spec).toMatchObject({ timestamp: 'proc_us', clocks: ['ev_us'] });
    expect(await recordsOf(platform, 'mine')).toEqual([['U', T0, T0 + 5]]);
  });

  test('all types, whatever the values', async () => {
    const all = ([['ts', 'uint64', 'Q'], ['c', 'char', 'c'], ['b', 'bool', '?'], ['i1', 'int8', 'b'], ['u1', 'uint8', 'B'], ['i2', 'int16', 'h'], ['u2', 'uint16', 'H'], ['h', 'float16', 'e'], ['i4', 'int32', 'i'], ['u4', 'uint32', 'I'],
      ['f', 'float32', 'f'], ['i8', 'int64', 'q'], ['u8', 'uint64', 'Q'], ['d', 'float64', 'd'], ['s', 'bytes5', '5s'], ['_', '_3', '3x']] as const);
    const row = fc.tuple(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.constantFrom('A', 'z', ' ', '~'), fc.boolean(), fc.integer({ min: -128, max: 127 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: -32768, max: 32767 }), fc.integer({ min: 0, max: 65535 }),
      fc.tuple(fc.integer({ min: -2047, max: 2047 }), fc.integer({ min: -24, max: 4 })).map(([n, e]) => n * 2 ** e).filter((x) => Math.abs(x) >= 2 ** -14 || x === 0 || Number.isInteger(x * 2 ** 24)).map((x) => (x === 0 ? 0 : x)),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.float(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.double(), fc.constantFrom('', 'a', 'é', 'abcde'),
    );
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), fc.constantFrom<PythonVersion>('named', 'clocks', 'schema'), async (rows, version) => {
      const spec: PythonSpec = { name: 'all', version, clocks: ['ts'], fields: all };
      const platform = await emptyPlatform();
      await importFiles(platform, [pythonStore([[spec, [{ records: rows.map((values) => pack(formatOf(spec), values)) }]]])], { maxRejects: 0 });
      // A column gives every bit: -0 and NaN among them.
      expect(await recordsOf(platform, 'all')).toEqual(rows);
    }), { numRuns: 12 });
  });

  test('times in nanoseconds and milliseconds are told by their size; times that no clock has are rejected, and marks move on', async () => {
    const spec: PythonSpec = { name: 'mixed', version: 'clocks', clocks: ['ns', 'ms', 'us'], fields: [['ns', 'uint64', 'Q'], ['ms', 'uint64', 'Q'], ['us', 'uint64', 'Q']], config: { index_playback: true } };
    const packed = (n: number, us = T0 + n): Buffer => pack('<QQQ', [BigInt(T0) * 1000n + BigInt(n), Math.floor(T0 / 1000), BigInt(us)]);
    const store = pythonStore([[spec, [{ records: [packed(0), packed(1, 2 ** 60), packed(2), packed(3)], marks: [1, 2] }]]]);
    const platform = await emptyPlatform();
    const report = await importFiles(platform, [store]);
    expect(report).toMatchObject({ added: 3, rejected: 1, rejects: [{ line: 2 }] });
    expect(platform.feedInfo('mixed').spec.fields.map(({ unit }) => unit)).toEqual(['ns', 'ms', 'us']);
    expect((await recordsOf(platform, 'mixed')).map(([ns]) => ns)).toEqual([0, 2, 3].map((n) => BigInt(T0) * 1000n + BigInt(n)));
    expect((await (await platform.createReader('mixed')).indexPoints(0n, 2n ** 63n)).map(({ sequence }) => sequence)).toEqual([1]);
    expect((await importFiles(platform, [store])).files[0]).toMatchObject({ state: 'already', rejected: 1 });
  });

  test.each(['named', 'clocks'] as const)('index points of version %s, those that fit their record', async (version) => {
    const spec = trades(version, { index_playback: true });
    const store = pythonStore([[spec, [{ records: records(0, 500), marks: [0, 7, 400] }, { records: records(500, 900), marks: [0, 399] }, { records: records(900, 1000) }]]]);
    const platform = await emptyPlatform();
    expect((await importFiles(platform, [store])).notes).toEqual([]);
    expect(platform.feedInfo(NAME).spec.mode).toBe('IF');
    expect(await pointsOf(platform)).toEqual([0, 7, 400, 500, 899]);
    // One entry with a place that is another record's, one beyond the chunk, and a count of more than there are.
    const index = join(store, 'data', NAME, 'chunk_00000001.idx');
    const bytes = readFileSync(index);
    const place = version === 'named' ? 8 : 24;
    bytes.writeBigUInt64LE(40n * 9n, 64 + 64 + place);
    bytes.writeBigUInt64LE(40n * 500n, 64 + 128 + place);
    bytes.writeBigUInt64LE(5000n, 0);
    writeFileSync(index, bytes);
    const other = await emptyPlatform(1);
    const { notes } = await importFiles(other, [store]);
    expect(notes.map(({ text }) => text)).toEqual([expect.stringMatching(/^4999 of the 5000 entries of .*chunk_00000001.idx do not fit/)]);
    expect(await pointsOf(other)).toEqual([0, 500, 899]);
  });
});

describe('segments', () => {
  const at = (n: number): number => T0 + n * 10;
  const closed = (from: number, to: number, reason: string, count = to - from): WrittenSegment => ({ start: at(from), end: at(to - 1), records: count, status: 'closed', reason });

  test.each([[{}], [{ json: true as const }]])('begin where they began there, across chunks, with the reason of the one before (%j)', async (options) => {
    const segments = [closed(0, 300, 'disconnect'), { start: -1, end: -1, records: 0, status: 'invalid_empty', reason: 'x' }, closed(300, 1200, 'réseau'), closed(1200, 1500, 'writer_close'), { ...closed(1500, 1600, ''), status: 'open', end: -1, records: 0 }];
    const store = pythonStore([[trades(), [{ records: records(0, 500) }, { records: records(500, 1200) }, { records: records(1200, 1600) }], segments]], options);
    const platform = await emptyPlatform();
    await importFiles(platform, [store]);
    expect((await segmentsOf(platform)).map(([first]) => first)).toEqual([0, 300, 1200, 1500]);
    expect((await segmentsOf(platform)).slice(0, 3).map(([, reason]) => reason)).toEqual(['disconnect', 'réseau', 'writer_close']);
  });

  test('counts tell records of one time apart; where a crash left the count out, the first of that time is taken', async () => {
    const equal = (count: number, ts: number): Buffer[] => Array.from({ length: count }, (_, n) => record(n, ts));
    const all = [...equal(10, at(0)), ...equal(10, at(1)), ...equal(10, at(2)), ...equal(10, at(3))];
    const segments: WrittenSegment[] = [
      { start: at(0), end: at(1), records: 15, status: 'closed', reason: 'counted' }, { start: at(1), end: at(2), records: -1, status: 'crash_closed', reason: 'writer_recovery' },
      { start: at(3), end: at(3), records: 5, status: 'closed', reason: 'again counted' }, { start: at(3), end: at(3), records: 5, status: 'closed', reason: 'last' },
    ];
    const platform = await emptyPlatform();
    await importFiles(platform, [pythonStore([[trades(), [{ records: all.slice(0, 12) }, { records: all.slice(12) }], segments]])]);
    expect((await segmentsOf(platform)).map(([first]) => first)).toEqual([0, 15, 30, 35]);
  });

  test('a count that the records belie is not believed; segments that a crash left with one and the same start begin one after the other', async () => {
    const lies: WrittenSegment[] = [closed(0, 290, 'miscounted', 300), closed(290, 400, 'last')];
    const platform = await emptyPlatform();
    await importFiles(platform, [pythonStore([[trades(), [{ records: records(0, 400) }], lies]])]);
    expect((await segmentsOf(platform)).map(([first]) => first)).toEqual([0, 290]);
    const crashed: WrittenSegment[] = [closed(0, 100, 'first', -1), { ...closed(100, 200, 'crash', -1), status: 'crash_closed' }, { ...closed(100, 200, 'again', -1), status: 'crash_closed' }];
    const other = await emptyPlatform(1);
    await importFiles(other, [pythonStore([[trades(), [{ records: records(0, 200) }], crashed]])]);
    expect((await segmentsOf(other)).map(([first]) => first)).toEqual([0, 100, 101]);
  });

  test('a damaged file of segments is told, and the records come without', async () => {
    const store = pythonStore([[trades(), [{ records: records(0, 20) }], [closed(0, 10, 'a'), closed(10, 20, 'b')]]]);
    const file = join(store, 'data', NAME, 'segments.reg');
    const bytes = readFileSync(file);
    for (const [damage, told] of [[() => bytes.writeBigUInt64LE(2n ** 60n, 24), /counts 1152921504606846976 segments, and has room for 12/], [() => bytes.writeUInt32LE(2, 8), /has version 2/], [() => bytes.write('XX'), /is no file of segments/]] as const) {
      damage();
      writeFileSync(file, bytes);
      const platform = await emptyPlatform();
      const report = await importFiles(platform, [store]);
      expect(report.added).toBe(20);
      expect(report.notes.map(({ text }) => text)).toEqual([expect.stringMatching(told)]);
      expect(await segmentsOf(platform)).toHaveLength(1);
    }
  });
});

describe('again', () => {
  test('a store that has grown gives what is new, and its segments', async () => {
    const spec = trades();
    const store = pythonStore([[spec, [{ records: records(0, 100) }, { records: records(100, 150) }]]]);
    const platform = await emptyPlatform();
    expect((await importFiles(platform, [store])).added).toBe(150);
    writeChunks(store, spec, [{ records: records(0, 100) }, { records: records(100, 400) }, { records: records(400, 420) }]);
    const grown = await importFiles(platform, [store]);
    expect(grown.files.map(({ state, feeds }) => [state, feeds[0]!.added])).toEqual([['already', 0], ['imported', 250], ['imported', 20]]);
    expect(await recordsOf(platform, NAME)).toEqual(expected(0, 420));
    expect((await importFiles(platform, [store])).added).toBe(0);
    // The oldest chunks go with a clean-up, which is no damage.
    rmSync(join(store, 'data', NAME, 'chunk_00000001.bin'));
    const less = await importFiles(platform, [store]);
    expect(less).toMatchObject({ added: 0, rejected: 0 });
    expect(less.notes.map(({ text }) => text)).toEqual([`chunk_00000001.bin of ${NAME} was removed by a clean-up (100 records by the registry)`]);
  });

  test('a chunk that has grown in its midst has its index points and boundaries once', async () => {
    const spec = trades('schema', { index_playback: true });
    const closed = (from: number, to: number): WrittenSegment => ({ start: T0 + from * 10, end: T0 + (to - 1) * 10, records: to - from, status: 'closed', reason: `up to ${to}` });
    const segments = [closed(0, 130), closed(130, 300), closed(300, 400)];
    const platform = await emptyPlatform();
    await importFiles(platform, [pythonStore([[spec, [{ records: records(0, 100) }, { records: records(100, 150), marks: [20] }], segments]])]);
    const grown = pythonStore([[spec, [{ records: records(0, 100) }, { records: records(100, 400), marks: [20, 120] }], segments]]);
    expect((await importFiles(platform, [grown])).added).toBe(250);
    expect(await recordsOf(platform, NAME)).toEqual(expected(0, 400));
    expect(await pointsOf(platform)).toEqual([120, 220]);
    // 150 is where the second import's writer began.
    expect((await segmentsOf(platform)).map(([first]) => first)).toEqual([0, 130, 150, 300]);
  });

  test('an import that is killed anywhere is finished by running it again: each record, index point and boundary is there once', async () => {
    // Records are wide, so that chunks are larger than what is read ahead of the first record that is written.
    const spec: PythonSpec = { name: 'wide', version: 'clocks', clocks: ['ts'], fields: [['ts', 'uint64', 'Q'], ['n', 'uint64', 'Q'], ['text', 'bytes984', '984s']], config: { index_playback: true } };
    const wide = (from: number, to: number): Buffer[] => Array.from({ length: to - from }, (_, n) => Buffer.concat([pack('<QQ', [T0 + from + n, from + n]), Buffer.alloc(984, 'x')]));
    const ends = [10_000, 55_000, 60_000] as const;
    const marks = [0, 20_000, 44_999];
    const cuts = Array.from({ length: 11 }, (_, n) => (n + 1) * 5_000 + 123);
    const store = pythonStore([[spec, [{ records: wide(0, ends[0]), marks: [5] }, { records: wide(ends[0], ends[1]), marks }, { records: wide(ends[1], ends[2]) }],
      [0, ...cuts].map((cut, n) => ({ start: T0 + cut, end: 0, records: (cuts[n] ?? ends[2]) - cut, status: 'closed', reason: `cut ${n}` }))]]);
    const basePath = join(temporaryDirectory(), 'data');
    const kill = async (at: number): Promise<boolean> => {
      const child = fork(CHILD, [basePath, JSON.stringify([store]), '{}', String(at)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      await once(child, 'exit');
      return child.signalCode === 'SIGKILL';
    };
    // Counted of what is read: from the second time on, that is the second chunk, whose first 33,000 records are read ahead.
    for (const at of [47_000, 38_000, 42_000]) expect(await kill(at)).toBe(true);
    const platform = await openPlatform(basePath);
    const before = platform.feedInfo('wide').records.next;
    expect(before).toBeGreaterThan(ends[0]);
    // How far it came before it was told to end, and ended, is the machine's affair.
    expect(before).toBeLessThan(ends[2]);
    expect((await importFiles(platform, [store])).added).toBe(ends[2] - before);
    const reader = await platform.createReader('wide');
    const numbers: number[] = [];
    for (let at = 0; at < ends[2];) {
      const { records: columns, next } = await reader.readFrom(at, 20_000, 'columns');
      (columns as unknown as { n: BigUint64Array }).n.forEach((n) => { numbers.push(Number(n)); });
      at = next;
    }
    expect(numbers.findIndex((n, at) => n !== at)).toBe(-1);
    expect(numbers).toHaveLength(ends[2]);
    expect(await pointsOf(platform, 'wide')).toEqual([5, ...marks.map((row) => ends[0] + row)]);
    // Writers that died leave boundaries of their own.
    expect((await segmentsOf(platform, 'wide')).map(([first]) => first)).toEqual(expect.arrayContaining([0, ...cuts]));
    expect((await importFiles(platform, [store])).added).toBe(0);
  });
});

describe('damage', () => {
  const importing = async (store: string) => {
    const platform = await emptyPlatform();
    const report = await importFiles(platform, [store]);
    return { platform, report, reasons: report.rejects.map(({ reason }) => reason), notes: report.notes.map(({ text }) => text) };
  };

  test('a chunk that is cut short gives the records that are there; one that is gone leaves a boundary', async () => {
    const store = pythonStore([[trades(), [{ records: records(0, 100) }, { records: records(100, 200) }, { records: records(200, 300) }, { records: [] }, { records: records(300, 310) }, { records: records(310, 320), lost: true }]]]);
    truncateSync(join(store, 'data', NAME, 'chunk_00000001.bin'), 40 * 70 + 13);
    rmSync(join(store, 'data', NAME, 'chunk_00000002.bin'));
    const { platform, reasons, report } = await importing(store);
    expect(reasons).toEqual([
      'chunk_00000001.bin: the file is cut short: 70 of the 100 records that the registry has of it are there',
      `chunk_00000002.bin of ${NAME} is missing (100 records by the registry)`, `chunk_00000006.bin of ${NAME} is missing (10 records by the registry)`,
    ]);
    expect(report.added).toBe(180);
    expect(await recordsOf(platform, NAME)).toEqual([...expected(0, 70), ...expected(200, 310)]);
    expect(await segmentsOf(platform)).toEqual([[0, 'chunk 2 is missing'], [70, undefined]]);
  });

  test('only what is committed; what the registry has otherwise is told', async () => {
    const cases: [WrittenChunk['entry'], number, RegExp | undefined][] = [
      [{ writePos: 40 * 6 }, 6, /counts 10 records, and has 6 as written/], [{ count: 9 }, 10, undefined], [{ writePos: 40 * 6 + 1, count: 6 }, 6, /1 bytes behind its last record/],
      [{ size: 200, count: 5 }, 5, /400 bytes of it as written, and 200 as its size/], [{ id: 9 }, 10, /has it as chunk 9/], [{ status: 7 }, 10, /its status is 7/], [{ writePos: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER }, 1638, /cut short: 1638 of/],
    ];
    for (const [entry, added, told] of cases) {
      const { reasons, report } = await importing(pythonStore([[trades(), [{ records: records(0, 10), ...(entry === undefined ? {} : { entry }) }]]]));
      expect([report.added, reasons.length], JSON.stringify(entry)).toEqual([added, told === undefined ? 0 : 1]);
      if (told !== undefined) expect(reasons[0]).toMatch(told);
    }
    const { notes, report } = await importing(pythonStore([[trades(), [{ records: records(0, 10), entry: { status: 2 } }, { records: records(10, 12), entry: { status: 0 } }]]]));
    expect(report.added).toBe(0);
    expect(notes).toEqual([expect.stringContaining('was removed by a clean-up'), expect.stringContaining('was in memory only'), expect.stringContaining('has no records on disk')]);
  });

  test('a feed in memory only and one that was never written are told', async () => {
    const { notes, report, platform } = await importing(pythonStore([[trades('clocks', { persist: false }), []], [{ ...trades('schema'), name: 'never' }, []]]));
    expect(notes).toEqual([`feed ${NAME} has no records on disk: it is in memory only`, 'feed never has no records on disk']);
    expect([report.rejected, platform.listFeeds()]).toEqual([0, []]);
  });

  test('a registry that counts more than there is, and one that is cut off, are refused', async () => {
    const store = pythonStore([[trades(), [{ records: records(0, 10) }]]]);
    const registry = join(store, 'data', NAME, `${NAME}.reg`);
    const bytes = readFileSync(registry);
    for (const [count, told] of [[102n, 'counts 102 chunks, and has room for 101'], [2n ** 63n, 'counts 9223372036854775808 chunks']] as const) {
      bytes.writeBigUInt64LE(count, 0);
      writeFileSync(registry, bytes);
      expect(await refusal(importing(store))).toContain(told);
    }
    truncateSync(registry, 100);
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_UNREADABLE: .*has 100 bytes, fewer than its header/);
  });

  test('unknown versions, other stores, and no stores at all are refused with what is known', async () => {
    const store = pythonStore([[trades('clocks'), [{ records: records(0, 10) }]]]);
    const manifest = join(store, 'manifest.json');
    writeFileSync(manifest, '{"deepwater_version":"3.0","format_version":2}');
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_LAYOUT: .*its format is 2 \(written by Deepwater "3.0"\), and format 1 is known/);
    writeFileSync(manifest, '[1');
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_UNREADABLE/);
    rmSync(manifest);
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_LAYOUT: .*before version 0\.0\.1/);
    expect(await refusal(importing(temporaryDirectory()))).toMatch(/^DW_IMPORT_LAYOUT: .*has no data\//);
    const ours = await emptyPlatform(1);
    await ours.createFeed({ name: 'a', fields: [{ name: 'ts', type: 'uint64' }], timestamp: 'ts' });
    expect(await refusal(importing(ours.basePath))).toMatch(/^DW_IMPORT_LAYOUT: .*is a store of this Deepwater/);
    expect(await refusal(importFiles(ours, [store], { layout: 'plain' }))).toMatch(/^DW_IMPORT_LAYOUT: .*is a directory/);
    expect(await refusal(importFiles(ours, [fileWith('a.csv', 'ts\n1\n')], { layout: 'python' }))).toMatch(/^DW_IMPORT_LAYOUT: .*is a file/);
  });

  test.each([
    ['a later version', (text: string) => text.replace('"version": 1', '"version": 2'), /version 2; known is 1/], ['big-endian', (text: string) => text.replace('"<', '">'), /only little-endian/],
    ['a hole', (text: string) => text.replace('"offset": 8', '"offset": 9'), /is at 9 with 8 bytes, where 8 and 8/], ['another size', (text: string) => text.replace('"record_size": 40', '"record_size": 41'), /have 40 bytes and its records 41/],
    ['an unknown type', (text: string) => text.replace('"float64"', '"float80"'), /unknown type "float80"/], ['no clocks', (text: string) => text.replace('"clock_level": 2', '"clock_level": 9'), /has 9 clocks/],
    ['a clock of another type', (text: string) => text.replace('"clock_level": 2', '"clock_level": 3'), /time "side" is no field of type uint64/], ['no JSON', () => '{', /JSON/], ['records of a gigabyte', (text: string) => text.replace('"record_size": 40', '"record_size": 1000000000'), /1 to 65536 are read/],
  ])('a record format of %s is refused', async (_, change, told) => {
    const store = pythonStore([[trades('clocks'), [{ records: records(0, 3) }]]]);
    const file = join(store, 'data', NAME, 'record_format.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect(await refusal(importing(store))).toMatch(told);
  });

  test('whatever stands in a schema, a registry, an index or segments: an import or an error of ours, and no record that is not there', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom('feed_schema.msgpack', `${NAME}.reg`, 'segments.reg', 'config.json', 'chunk_00000001.idx'), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.option(fc.nat(300)), async (name, changes, cut) => {
      const store = pythonStore([[trades('schema', { index_playback: true }), [{ records: records(0, 10), marks: [0, 4] }, { records: records(10, 15) }], [{ start: T0, end: 1, records: 7, status: 'closed', reason: 'a' }, { start: T0 + 70, end: 1, records: 8, status: 'closed', reason: 'b' }]]]);
      const file = join(store, 'data', NAME, name);
      const bytes = readFileSync(file);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      writeFileSync(file, cut === null ? bytes : bytes.subarray(0, cut));
      const platform = await emptyPlatform();
      const code = await importFiles(platform, [store]).then(({ records: told }) => { expect(told).toBeLessThanOrEqual(2 * 65_536); return ''; }, (error: { code?: string }) => error.code ?? String(error));
      expect(code).toMatch(/^(DW_|$)/);
    }), { numRuns: 30 });
  });

  test('links and other things in a store are not followed', async () => {
    const store = pythonStore([[trades(), [{ records: records(0, 10) }]]]);
    const chunk = join(store, 'data', NAME, 'chunk_00000001.bin');
    const away = fileWith('away.bin', readFileSync(chunk));
    rmSync(chunk);
    symlinkSync(away, chunk);
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_UNREADABLE/);
    rmSync(chunk);
    mkdirSync(chunk);
    expect(await refusal(importing(store))).toMatch(/^DW_IMPORT_UNREADABLE/);
    symlinkSync(store, join(store, 'data', 'loop'));
    appendFileSync(join(store, 'data', 'a file'), 'x');
    rmSync(chunk, { recursive: true });
    writeFileSync(chunk, Buffer.concat(records(0, 10)));
    expect((await importing(store)).report.added).toBe(10);
  });

  test('an existing feed with other fields is not written into', async () => {
    const store = pythonStore([[trades(), [{ records: records(0, 10) }]]]);
    const platform = await emptyPlatform();
    await platform.createFeed({ name: NAME, fields: [{ name: 'recv_us', type: 'uint64' }, { name: 'price', type: 'decimal', scale: 2 }], timestamp: 'recv_us' });
    expect(await refusal(importFiles(platform, [store]))).toMatch(/^DW_IMPORT_COLUMNS: .*price .*is decimal.*it is float64/);
    expect((await importFiles(platform, [join(store, 'data', NAME)], { feed: 'mine' })).added).toBe(10);
  });
});
