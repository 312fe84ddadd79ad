import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type LostRange, type Platform, attachWriter } from '../dist/index.js';
import { TestProcess, failure, openPlatform } from './support.js';
import { CHECKED, SEED, T0, checked, isChecked, randomFrom, startWriter } from './support-bus.js';

/** Raise it for a soak. */
const STARTS = Number(process.env['STREAM_STARTS'] ?? 60);

async function withFeed(extra: object = {}): Promise<{ platform: Platform; write: (from: number, to: number) => void }> {
  const platform = await openPlatform();
  await platform.createFeed({ ...CHECKED, ...extra });
  const writer = await platform.createWriter<typeof CHECKED>('checked');
  return { platform, write: (from, to) => { for (let n = from; n < to; n++) writer.writeValues(...checked(n)); } };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The first `count` items. */
async function first<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) if (items.push(item) === count) break;
  return items;
}

describe('stream', () => {
  test('gives the records that come after the call, as tuples, objects or batches of columns', async () => {
    const { platform, write } = await withFeed();
    write(0, 2000);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const [tuples, objects, batches, few] = [reader.stream(), reader.stream({ format: 'object' }), reader.stream({ format: 'columns', batchRows: 70 }), reader.stream({ columns: ['ts', 'n'] })];
    write(2000, 2200);
    expect(await first(tuples, 200)).toEqual(numbers(2000, 2200).map(checked));
    expect((await first(objects, 1))[0]).toEqual({ n: 2000, hash: checked(2000)[1], low: 2000, ts: T0 + 2000 });
    expect(await first(few, 2)).toEqual([[T0 + 2000, 2000], [T0 + 2001, 2001]]);
    const segments = await first(batches, 3);
    expect(segments.map(({ rows, firstSequence }) => [rows, firstSequence])).toEqual([[70, 2000], [70, 2070], [60, 2140]]);
    expect([...segments[2]!.n]).toEqual(numbers(2140, 2200));
  });

  test('waits without holding up the event loop, for records one by one', async () => {
    const { platform, write } = await withFeed();
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const stream = reader.stream();
    for (let n = 0; n < 50; n++) {
      const next = stream.next();
      for (let turns = n % 5; turns > 0; turns--) await turn();
      expect([stream.position, stream.buffered]).toEqual([n, 0]);
      write(n, n + 1);
      expect(await next).toEqual({ value: checked(n), done: false });
    }
    await stream.return();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('knows at each record where to go on', async () => {
    const { platform, write } = await withFeed();
    write(0, 9000);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    let position = 0;
    const seen: number[] = [];
    // Left and begun again after 1, 2, 3, … records.
    for (let count = 1; position < 9000; count = Math.ceil(count * 1.7)) {
      const stream = reader.stream({ fromSequence: position });
      for (let k = 0; k < count && position < 9000; k++) {
        const { value } = await stream.next();
        seen.push(value![0]);
        position = stream.position;
      }
      await stream.return();
    }
    expect(seen).toEqual(numbers(0, 9000));
  });

  test('ends when its signal is aborted, before or while it waits, and when its loop is left', async () => {
    const { platform, write } = await withFeed();
    const reader = await platform.createReader<typeof CHECKED>('checked');
    expect(await first(reader.stream({ signal: AbortSignal.abort() }), 1)).toEqual([]);
    const abort = new AbortController();
    const waiting = first(reader.stream({ signal: abort.signal }), 100);
    write(0, 3);
    await turn();
    abort.abort();
    expect((await waiting).length).toBeLessThanOrEqual(3);
    const stream = reader.stream();
    const next = stream.next();
    await stream.return();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  test('of a closed reader, or of a deleted feed, is an error', async () => {
    const { platform, write } = await withFeed();
    write(0, 10);
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const stream = reader.stream();
    const waiting = failure(() => stream.next());
    await turn();
    await reader.close();
    expect(await waiting).toMatchObject({ code: 'DW_READER_CLOSED' });
    await expect(failure(() => reader.stream())).resolves.toMatchObject({ code: 'DW_READER_CLOSED' });

    const other = await openPlatform(platform.basePath, { readOnly: true });
    const deleted = (await other.createReader('checked')).stream();
    const gone = failure(() => deleted.next());
    await (await platform.createWriter('checked')).close();
    await platform.deleteFeed('checked');
    expect(await gone).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
  });

  test.each([
    [{ format: 'raw' }, 'DW_FORMAT_UNKNOWN'], [{ format: 'segments' }, 'DW_FORMAT_UNKNOWN'], [{ columns: ['no'] }, 'DW_FIELD_UNKNOWN'], [{ begin: 0 }, 'DW_OPTION_INVALID'],
    [{ signal: {} }, 'DW_OPTION_INVALID'], [{ start: 1, fromSequence: 1 }, 'DW_OPTION_INVALID'], [{ playback: true }, 'DW_FEED_NOT_INDEXED'], [{ playback: 1 }, 'DW_OPTION_INVALID'], [{ batchRows: 0 }, 'DW_OPTION_INVALID'],
  ])('%j is refused', async (options, code) => {
    const { platform } = await withFeed();
    const reader = await platform.createReader('checked');
    await expect(failure(() => reader.stream(options as never))).resolves.toMatchObject({ code });
    await expect(failure(() => reader.streamSync({ allowMainThread: true, ...options } as never))).resolves.toMatchObject({ code });
  });

  test('of a memory feed tells what it lost, where it is lost', async () => {
    const { platform, write } = await withFeed({ persist: false, chunkSizeBytes: undefined });
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const ranges: LostRange[] = [];
    const stream = reader.streamSync({ allowMainThread: true, onLoss: (range) => ranges.push(range) });
    write(0, 4000);
    const seen = Array.from({ length: 896 }, () => stream.next().value![0]);
    expect(seen).toEqual(numbers(4000 - 896, 4000));
    expect(ranges).toEqual([{ from: 0, to: 4000 - 896 }]);
    expect(stream.lost).toBe(4000 - 896);
    stream.return();
  });
});

describe('stream({ start }) begun at any moment under a writer', () => {
  test(`gives each record once, in order, from history over into what comes (${STARTS} starts, seed ${SEED})`, async () => {
    const { platform } = await withFeed();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const writer = await startWriter(platform, { to: 1e9, burst: 400, pauseMs: 1, stop });
    const reader = await platform.createReader<typeof CHECKED>('checked');
    const random = randomFrom(SEED);
    await first(reader.stream(), 1);
    for (let start = 0; start < STARTS; start++) {
      const { next } = reader.bounds();
      // From long ago, from just now, from what is still to come.
      const back = Math.floor([200, 3000, Math.min(next, 200_000)][start % 3]! * random() ** 2);
      const from = Math.max(0, next - back) + (start % 7 === 0 ? 50 : 0);
      const by = start % 2 === 0 ? { start: T0 + from } : { fromSequence: from };
      let expected = start % 7 === 0 && 'start' in by ? -1 : from;
      const after = reader.bounds().next + 1000;
      if (start % 4 === 3) {
        const stream = reader.stream({ ...by, format: 'columns', columns: ['n', 'ts'] });
        for await (const { n, ts, firstSequence } of stream) {
          if (expected < 0) expected = firstSequence;
          if (firstSequence !== expected || n.some((value, i) => value !== expected + i || Number(ts[i]) !== T0 + value)) expect.fail(`a batch from ${firstSequence} of ${n.length}, not ${expected}`);
          expected += n.length;
          if (expected >= after) break;
        }
        expect(stream.lost).toBe(0);
      } else {
        const stream = reader.stream(by);
        for await (const record of stream) {
          if (expected < 0) expected = record[0];
          if (!isChecked(record, expected)) expect.fail(`${String(record)} where ${expected} was to come`);
          expected += 1;
          if (expected >= after) break;
        }
        expect(stream.lost).toBe(0);
      }
    }
    Atomics.store(stop, 0, 1);
    await writer.result;
    await platform.close();
  });

  test('goes on over writers that are closed, and killed', async () => {
    const { platform } = await withFeed();
    await platform.close();
    const other = await openPlatform(platform.basePath, { readOnly: true });
    const stream = (await other.createReader<typeof CHECKED>('checked')).stream({ start: 0 });
    let next = 0;
    for (let round = 0; round < 3; round++) {
      const writer = new TestProcess('bus-writer.mjs', platform.basePath, '5000', round === 1 ? 'close' : 'wait');
      expect(await writer.line()).toBe(`wrote ${(round + 1) * 5000}`);
      for (; next < (round + 1) * 5000; next++) {
        const { value } = await stream.next();
        if (!isChecked(value!, next)) expect.fail(`${String(value)} where ${next} was to come`);
      }
      if (round !== 1) writer.child.kill('SIGKILL');
      await writer.ended;
    }
    expect(stream.lost).toBe(0);
    await stream.return();
  });
});

test('a writer handed to another thread wakes the streams of this one', async () => {
  const { platform } = await withFeed();
  const reader = await platform.createReader<typeof CHECKED>('checked');
  const stream = reader.stream();
  const next = stream.next();
  await turn();
  const attached = attachWriter(platform.writerHandle('checked'));
  attached.writeValues(...checked(0));
  expect((await next).value).toEqual(checked(0));
  attached.closeSync();
});
