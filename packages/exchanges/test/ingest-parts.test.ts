/** The parts of an ingest that garbage meets: what is kept aside, what is told, and symbols that cannot be written. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DeepwaterError, Platform } from 'deepwater';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { BadFrame, FeedSink, type RecordWriter, binance } from '../dist/index.js';
import { BadFrames } from '../dist/ingest/bad-frames.js';
import { EventFeed } from '../dist/ingest/event-feed.js';
import { isRound } from '../dist/ingest/is-round.js';
import { SetAside } from '../dist/ingest/set-aside.js';
import { onlySymbolIn } from '../dist/named-symbol.js';

const ends: (() => unknown)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

function folder(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-bad-'));
  ends.push(() => { rmSync(root, { recursive: true, force: true }); });
  return root;
}

describe('bad frames', () => {
  test('are counted by their kind, of which there are so many', async () => {
    const bad = await BadFrames.open(undefined, () => undefined);
    const counts = Array.from({ length: 1000 }, (_, at) => bad.add('x', 1, new BadFrame(`reason ${at % 300}`), 'frame', at));
    expect(Object.keys(bad.counts).length).toBe(257);
    expect(bad.counts['reason 0']).toBe(4);
    expect(bad.counts['other reasons']).toBe(44 * 3);
    expect(Object.values(bad.counts).reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect([counts[0], counts[256], counts[300], counts[999]]).toEqual([1, 1, 2, 4]);
    bad.reset();
    expect(bad.counts).toEqual({});
  });

  test('are kept as lines of JSON, behind what the file had, whatever is in them', async () => {
    const file = path.join(folder(), 'bad.jsonl');
    writeFileSync(file, '{"before":1}\n');
    const bad = await BadFrames.open(file, (error) => { throw error; });
    const frames = ['{"a":\n1}', '\ud800 half', '\0', '"quoted"', 'x'.repeat(1 << 20)];
    frames.forEach((frame, at) => bad.add('kraken', 3, new BadFrame('not JSON', frame.slice(0, 5)), frame, at));
    await bad.close();
    const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBe(6);
    expect(lines.slice(1).map(({ frame }) => frame)).toEqual(frames);
    expect(lines[1]).toEqual({ t: 0, source: 'kraken', connection: 3, reason: 'not JSON', message: 'not JSON: {"a":', frame: '{"a":\n1}' });
  });

  test('are kept up to so many bytes; then it is said once, and they are counted', async () => {
    const file = path.join(folder(), 'bad.jsonl');
    writeFileSync(file, '');
    // A file with a hole takes no room.
    truncateSync(file, (256 << 20) - 300);
    const errors: DeepwaterError[] = [];
    const bad = await BadFrames.open(file, (error) => { errors.push(error); });
    const counts = Array.from({ length: 10 }, () => bad.add('x', 1, new BadFrame('odd'), 'frame '.repeat(10), 1));
    await bad.close();
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(errors.map(({ code }) => code)).toEqual(['DW_LIMIT_EXCEEDED']);
    expect(readFileSync(file).length).toBeLessThan((256 << 20) + 300);
    expect(readFileSync(file).subarray(-1).toString()).toBe('\n');
  });

  test('a file that cannot be opened is refused, and a symbol is at fault where a frame names it alone', async () => {
    await expect(BadFrames.open('/nowhere/at/all', () => undefined)).rejects.toMatchObject({ code: 'DW_OUTPUT_FAILED' });
    const symbols = new Set(['BTC-USD', 'ETH-USD']);
    const cases: [string, string | undefined][] = [
      ['{"a":"BTC-USD"', 'BTC-USD'], ['{"a":"BTC-USD","b":"ETH-USD"}', undefined], ['BTC-USD', undefined], ['"BTC-USDC"', undefined], ['', undefined], [`${' '.repeat(5000)}"BTC-USD"`, undefined]];
    for (const [frame, symbol] of cases) expect(onlySymbolIn(frame, symbols), frame).toBe(symbol);
  });
});

test('things are told at the first, the tenth, the hundredth …', () => {
  expect(Array.from({ length: 100_001 }, (_, count) => count).filter((count) => count > 0 && isRound(count))).toEqual([1, 10, 100, 1000, 10_000, 100_000]);
});

test('events: details are cut between characters, and everything that an exchange may say can be kept', async () => {
  const platform = await Platform.open(path.join(folder(), 'data'), { logLevel: 'silent' });
  ends.unshift(() => platform.close());
  const feed = await EventFeed.open(platform, binance);
  const details = ['', 'x'.repeat(160), 'x'.repeat(161), `${'x'.repeat(159)}é`, `${'x'.repeat(158)}€`, `${'x'.repeat(157)}€`, `${'x'.repeat(157)}😀`, `${'x'.repeat(156)}😀`, 'a\0b', 'x\ud800y', '😀'.repeat(100)];
  details.forEach((detail, at) => { feed.write(1e15 + at, { kind: 'bad', connection: 1, detail }); });
  const texts = fc.sample(fc.string({ unit: 'grapheme', maxLength: 300 }), { numRuns: 200, seed: 5 });
  texts.forEach((detail, at) => { feed.write(2e15 + at, { kind: 'gap', connection: 4_294_967_295, expected: Number.MAX_SAFE_INTEGER, found: 0, detail }); });
  await feed.writer.close();
  const kept = (await (await platform.createReader('binance.events')).range(0, 2 ** 52, { columns: ['detail'] }) as [string][]).map(([detail]) => detail);
  expect(kept.slice(0, details.length)).toEqual(['', 'x'.repeat(160), 'x'.repeat(160), 'x'.repeat(159), 'x'.repeat(158), `${'x'.repeat(157)}€`, 'x'.repeat(157), `${'x'.repeat(156)}😀`, 'ab', 'x\ufffdy', '😀'.repeat(40)]);
  texts.forEach((text, at) => {
    const its = kept[details.length + at]!;
    const whole = Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8');
    expect(whole.startsWith(its)).toBe(true);
    expect(Buffer.byteLength(its)).toBeGreaterThan(Math.min(Buffer.byteLength(whole), 157) - 1);
    expect(its.includes('\ufffd') && !whole.includes('\ufffd')).toBe(false);
  });
});

describe('the sink of an ingest', () => {
  const writer = (unfit: (values: unknown[]) => Error | undefined) => {
    const written: unknown[][] = [];
    const its: RecordWriter = {
      writeValues: (...values) => {
        const error = unfit(values);
        if (error !== undefined) throw error;
        written.push(values);
      },
      markIndex: () => undefined,
    };
    return { written, its };
  };
  const misfit = new DeepwaterError('DW_VALUE_RANGE', 'too many decimals');

  test('a message whose last level does not fit ends without the flag of its end; so does one that is left', () => {
    const { written, its } = writer((values) => (values[6] === '31' ? misfit : undefined));
    const sink = new FeedSink(() => ({ book: its })).of('X');
    const flags = (...prices: string[]): unknown[] => {
      written.length = 0;
      let bad = '';
      sink.beginBook(1, 1, false, 0, 0);
      try {
        for (const price of prices) sink.level('B', price, '1');
        sink.endBook();
      } catch (error) {
        bad = (error as BadFrame).reason;
      }
      return [...written.map((values) => [values[6], values[5]]), bad];
    };
    expect(flags('1', '2')).toEqual([['1', 0], ['2', 2], '']);
    expect(flags('1', '31')).toEqual([['1', 0], 'a value that does not fit']);
    expect(flags('1', '31', '2')).toEqual([['1', 0], 'a value that does not fit']);
    expect(flags('31')).toEqual(['a value that does not fit']);
    // What was left does not come up in the next message.
    expect(flags('5')).toEqual([['5', 2], '']);
    expect(flags()).toEqual(['']);
  });

  test('a symbol that cannot be written is told once, and goes nowhere until it is redirected; without anybody to tell it is thrown', () => {
    const full = new DeepwaterError('DW_DISK_FULL', 'no room');
    let broken = true;
    const { written, its } = writer(() => (broken ? full : undefined));
    const failures: unknown[] = [];
    const sink = new FeedSink(() => ({ trades: its, book: its }), { onFailure: (symbol, error) => { failures.push([symbol, error]); } });
    const x = sink.of('X');
    x.trade(1, 1, 7, 'B', '1', '1');
    x.trade(1, 1, 8, 'B', '1', '1');
    x.beginBook(1, 1, true, 0, 0);
    x.level('B', '1', '1');
    x.endBook();
    expect([failures, written, sink.lastTrade('X')]).toEqual([[['X', full]], [], undefined]);
    broken = false;
    sink.redirect('X', { trades: its });
    x.trade(1, 1, 9, 'B', '1', '1');
    expect(written.map((values) => values[2])).toEqual([9]);
    broken = true;
    expect(() => new FeedSink(() => ({ trades: its })).of('Y').trade(1, 1, 1, 'B', '1', '1')).toThrow(full);
  });
});

test('a symbol that is set aside is tried again, ever later, until it can be written', async () => {
  let left = 4;
  const tries: number[] = [];
  const aside = new SetAside({ minMs: 4, maxMs: 16 }, async (symbol) => {
    tries.push(performance.now());
    expect(symbol).toBe('X');
    await Promise.resolve();
    if (--left > 0) throw new Error('still');
  });
  ends.push(() => { aside.close(); });
  const first = aside.add('X');
  expect(first).toBeLessThanOrEqual(4);
  expect(aside.add('X')).toBeUndefined();
  await expect.poll(() => left).toBe(0);
  expect(tries.length).toBe(4);
  // It fails again soon after: the next attempt comes no sooner than those before.
  await expect.poll(() => aside.add('X')).toBeGreaterThanOrEqual(8);
  aside.forget('X');
  const { length } = tries;
  await new Promise((resolve) => { setTimeout(resolve, 40); });
  expect(tries.length).toBe(length);
});
